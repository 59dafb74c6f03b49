import { describeFailure, type Failure } from '../../api/failure.ts'
import { cx } from '../../class-names.ts'
import { Copyable } from '../copy/copy-button.tsx'

/** A failure inside a form or panel that otherwise stays usable. */
export function FailureNote({ error, className }: { error: unknown; className?: string }) {
  const failure = describeFailure(error)
  return (
    <div role="alert" className={cx('rounded-md bg-bad-soft px-3 py-2.5', className)}>
      <p className="text-sm font-medium text-bad">{failure.title}</p>
      <p className="mt-0.5 text-sm text-ink">{failure.message}</p>
      <FailureFacts failure={failure} className="mt-1.5" />
    </div>
  )
}

/** The request's id to quote, and where the reason is explained. */
export function FailureFacts({ failure, className }: { failure: Failure; className?: string }) {
  if (!failure.requestId && !failure.docs) return null
  return (
    <p className={cx('flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-ink-2', className)}>
      {failure.requestId && <Copyable text={failure.requestId} what="request id" />}
      {failure.docs && (
        <a
          href={failure.docs}
          target="_blank"
          rel="noreferrer"
          className="text-accent underline underline-offset-2 hover:text-accent-hover"
        >
          About {failure.reason}
        </a>
      )}
    </p>
  )
}
