import { type ReactNode, useEffect } from 'react'
import { cx } from '../../class-names.ts'

/** Names the browser's tab while a page is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Mainstay`
  }, [title])
}

/** The title of a page and what can be done on it. */
export function PageHeader({
  title,
  children,
  className,
}: {
  title: string
  children?: ReactNode
  className?: string
}) {
  useTitle(title)
  return (
    <header className={cx('flex min-h-8 flex-wrap items-center gap-x-3 gap-y-2', className)}>
      <h1 className="mr-auto text-xl font-semibold tracking-[-0.01em]">{title}</h1>
      {children}
    </header>
  )
}

/** A page that scrolls as a whole, at most 1,440 px wide. */
export function ScrollPage({ children }: { children: ReactNode }) {
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto flex w-full max-w-[1440px] flex-col gap-5 px-4 py-5 md:px-6">{children}</div>
    </div>
  )
}

/** A part of a page, under a small heading. */
export function Section({
  title,
  aside,
  children,
  className,
}: {
  title: string
  aside?: ReactNode
  children: ReactNode
  className?: string
}) {
  return (
    <section aria-label={title} className={cx('min-w-0', className)}>
      <div className="mb-2 flex min-h-6 items-center gap-2">
        <h2 className="mr-auto text-sm font-semibold">{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  )
}

/** A bordered surface. Borders carry the structure; there are no shadows on a page. */
export function Card({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={cx('overflow-hidden rounded-lg border border-line', className)}>{children}</div>
}
