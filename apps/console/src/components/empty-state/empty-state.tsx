import type { ReactNode } from 'react'

/** Where there is nothing yet: one sentence that says what will be here, and what to do about it. */
export function EmptyState({
  title,
  children,
  actions,
}: {
  title: string
  children: ReactNode
  actions?: ReactNode
}) {
  return (
    <div className="mx-auto flex w-full max-w-[520px] flex-col items-start px-6 py-14">
      <h2 className="text-base font-semibold">{title}</h2>
      <p className="mt-1 text-sm text-ink-2">{children}</p>
      {actions && <div className="mt-4 flex flex-wrap gap-2">{actions}</div>}
    </div>
  )
}
