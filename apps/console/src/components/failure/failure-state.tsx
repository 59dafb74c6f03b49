import { RotateCw, TriangleAlert } from 'lucide-react'
import { describeFailure } from '../../api/failure.ts'
import { Button } from '../button/button.tsx'
import { FailureFacts } from './failure-note.tsx'

/** Takes the place of what could not be loaded: what happened, what to do, and what to quote. */
export function FailureState({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const failure = describeFailure(error)
  return (
    <div role="alert" className="mx-auto flex w-full max-w-[480px] flex-col items-start px-6 py-14">
      <TriangleAlert className="size-5 text-bad" aria-hidden />
      <h2 className="mt-3 text-base font-semibold">{failure.title}</h2>
      <p className="mt-1 text-sm text-ink-2">{failure.message}</p>
      <FailureFacts failure={failure} className="mt-3" />
      {onRetry && failure.canRetry && (
        <Button className="mt-4" onClick={onRetry}>
          <RotateCw aria-hidden />
          Try again
        </Button>
      )}
    </div>
  )
}
