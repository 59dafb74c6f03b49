import { cx } from '../../class-names.ts'

/** A key or a row of keys, for example `g m` or `⌘ K`. */
export function Keys({ keys, inverted = false }: { keys: string; inverted?: boolean }) {
  return (
    <span className="inline-flex gap-0.5">
      {keys.split(' ').map((key) => (
        <kbd
          key={key}
          className={cx(
            'inline-flex h-[18px] min-w-[18px] items-center justify-center rounded-sm border px-1 font-sans text-2xs font-medium',
            inverted ? 'border-canvas/30 text-canvas/85' : 'border-line-strong bg-canvas text-ink-3',
          )}
        >
          {key}
        </kbd>
      ))}
    </span>
  )
}

/** `⌘` where the keyboard has it, `Ctrl` elsewhere. */
export const commandKey: string = /mac|iphone|ipad/i.test(navigator.userAgent) ? '⌘' : 'Ctrl'
