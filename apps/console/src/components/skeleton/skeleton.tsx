import { cx } from '../../class-names.ts'

/** A grey bar where text will be. Give it the width that the text usually has. Tests wait until no page shows one. */
export function Skeleton({ className }: { className?: string }) {
  return (
    <span
      aria-hidden
      data-skeleton
      className={cx('block h-3 rounded-sm bg-line animate-breathe', className)}
    />
  )
}

/** Says to screen readers what the skeletons say to eyes. */
export function Loading({ what }: { what: string }) {
  return (
    <span role="status" className="sr-only">
      Loading {what}
    </span>
  )
}
