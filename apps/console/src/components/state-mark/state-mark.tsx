import type { ReactNode } from 'react'
import { cx } from '../../class-names.ts'

/** What a state means for the reader. Colour is never the only sign: the word always stands beside the dot. */
export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'quiet'

export const dotTone: Record<Tone, string> = {
  ok: 'bg-ok-dot',
  warn: 'bg-warn-dot',
  bad: 'bg-bad-dot',
  info: 'bg-info-dot',
  quiet: 'bg-edge',
}

export const textTone: Record<Tone, string> = {
  ok: 'text-ok',
  warn: 'text-warn',
  bad: 'text-bad',
  info: 'text-info',
  quiet: 'text-ink-2',
}

const softTone: Record<Tone, string> = {
  ok: 'bg-ok-soft',
  warn: 'bg-warn-soft',
  bad: 'bg-bad-soft',
  info: 'bg-info-soft',
  quiet: 'bg-sunken',
}

/** A dot and a word. `hollow` is for what has not happened yet; `moving` for what happens right now. */
export function StateMark({
  tone,
  children,
  hollow = false,
  moving = false,
  badge = false,
}: {
  tone: Tone
  children: ReactNode
  hollow?: boolean
  moving?: boolean
  badge?: boolean
}) {
  return (
    <span
      className={cx(
        'inline-flex items-center gap-1.5 align-top whitespace-nowrap',
        badge && cx('h-[22px] rounded-full px-2 text-xs font-medium', softTone[tone], textTone[tone]),
      )}
    >
      <span
        aria-hidden
        className={cx(
          'size-[7px] shrink-0 rounded-full',
          hollow ? 'border-[1.5px] border-edge bg-transparent' : dotTone[tone],
          moving && 'animate-breathe',
        )}
      />
      {children}
    </span>
  )
}
