/** The mark: a mast held by its stays. */
export function Logo() {
  return (
    <svg viewBox="0 0 32 32" className="size-[22px] shrink-0" aria-hidden="true">
      <rect width="32" height="32" rx="7" className="fill-accent" />
      <path
        d="M16 6v20M16 7 7.5 25.2M16 7l8.5 18.2M10.6 18.6h10.8"
        className="fill-none stroke-on-accent"
        strokeWidth="2.2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
