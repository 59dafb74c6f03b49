import type { ReactElement, ReactNode } from 'react'

function Icon({ children }: { children: ReactNode }): ReactElement {
  return (
    <svg
      viewBox="0 0 24 24"
      width="1em"
      height="1em"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  )
}

export function BellIcon(): ReactElement {
  return (
    <Icon>
      <path d="M6 9a6 6 0 1 1 12 0c0 6 2 7 2 7H4s2-1 2-7" />
      <path d="M10 20a2 2 0 0 0 4 0" />
    </Icon>
  )
}

export function CheckIcon(): ReactElement {
  return (
    <Icon>
      <path d="M5 12l5 5L20 7" />
    </Icon>
  )
}

export function ArchiveIcon(): ReactElement {
  return (
    <Icon>
      <path d="M4 8v11h16V8M3 4h18v4H3zM10 12h4" />
    </Icon>
  )
}

export function DotIcon(): ReactElement {
  return (
    <Icon>
      <circle cx="12" cy="12" r="6" fill="currentColor" stroke="none" />
    </Icon>
  )
}
