import type { ReactNode } from 'react'
import { useClock } from '../../format/clock.ts'
import { formatMinute } from '../../format/time.ts'

/** The body of a phone around a screen. Where there is no room for a body, the screen is all there is. */
export function PhoneFrame({ label, children }: { label: string; children: ReactNode }) {
  const time = useClock((nowMs) => formatMinute(nowMs))
  return (
    <section
      aria-label={label}
      className="flex h-full min-h-0 w-full flex-col overflow-hidden bg-canvas lg:h-[min(760px,100%)] lg:w-[376px] lg:shrink-0 lg:rounded-[44px] lg:border-[9px] lg:border-ink dark:lg:border-line-strong"
    >
      <div
        aria-hidden
        className="grid h-10 shrink-0 grid-cols-[1fr_auto_1fr] items-center px-6 text-xs font-semibold max-lg:hidden"
      >
        <span className="tabular">{time}</span>
        <span className="h-5 w-24 rounded-full bg-ink dark:bg-line-strong" />
        <span className="flex items-end justify-end gap-0.5">
          {['h-1', 'h-1.5', 'h-2', 'h-2.5'].map((height) => (
            <span key={height} className={`w-1 rounded-sm bg-ink ${height}`} />
          ))}
        </span>
      </div>
      <div className="flex min-h-0 flex-1 flex-col">{children}</div>
      <div aria-hidden className="flex h-5 shrink-0 items-center justify-center max-lg:hidden">
        <span className="h-1 w-28 rounded-full bg-ink" />
      </div>
    </section>
  )
}
