import { ArrowLeft, X } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import { useCompact } from '../../screen/use-compact.ts'
import { IconButton } from '../button/button.tsx'

/**
 * What is open beside a table: a column on a desk, the whole screen on a phone. It is not modal, the table stays in
 * use; focus goes to its heading when another thing opens (`of` changes), so that its content is the next Tab away.
 */
export function SidePanel({
  of,
  title,
  header,
  actions,
  children,
  onClose,
}: {
  /** The id of what is shown. */
  of: string
  /** Its name for screen readers. */
  title: string
  header: ReactNode
  actions?: ReactNode
  children: ReactNode
  onClose: () => void
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  const compact = useCompact()
  // biome-ignore lint/correctness/useExhaustiveDependencies: focus moves when another thing is shown
  useEffect(() => {
    heading.current?.focus({ preventScroll: true })
  }, [of])
  return (
    <aside
      aria-label={title}
      className="fixed inset-0 z-30 flex flex-col bg-canvas animate-slide-in lg:static lg:z-auto lg:w-[min(600px,48vw)] lg:shrink-0 lg:border-l lg:border-line lg:animate-none"
    >
      <div className="flex min-h-12 items-center gap-2 border-b border-line px-4 py-2 lg:px-5">
        {compact && (
          <IconButton label="Back to the list" onClick={onClose} className="-ml-1.5">
            <ArrowLeft />
          </IconButton>
        )}
        <h2
          ref={heading}
          tabIndex={-1}
          className="mr-auto min-w-0 truncate text-base font-semibold focus:outline-none"
        >
          {header}
        </h2>
        {actions}
        {!compact && (
          <IconButton label="Close" keys="Esc" onClick={onClose} className="-mr-1.5">
            <X />
          </IconButton>
        )}
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
    </aside>
  )
}
