import type { ReactNode, RefObject } from 'react'

/** A part of the page that scrolls on its own. It takes focus, so that the keyboard can scroll it (WCAG 2.1.1). */
export function ScrollRegion({
  ref,
  label,
  className,
  children,
}: {
  ref?: RefObject<HTMLDivElement | null>
  label: string
  className: string
  children: ReactNode
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: it groups text, not the fields of a form
    <div
      ref={ref}
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
      tabIndex={0}
      aria-label={label}
      className={`focus-visible:-outline-offset-2 ${className}`}
    >
      {children}
    </div>
  )
}
