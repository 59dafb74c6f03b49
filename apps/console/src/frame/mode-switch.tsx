import { ToggleGroup } from 'radix-ui'
import { cx } from '../class-names.ts'
import { toast } from '../components/toast/toast.tsx'
import { type ModeName, mode } from '../session/mode.ts'

const choices: { value: ModeName; label: string }[] = [
  { value: 'test', label: 'Test' },
  { value: 'live', label: 'Live' },
]

/**
 * Test or live, and what that means in words. Test is amber here and in a striped line over the whole frame, live is
 * green in a solid one, so that nobody mistakes one for the other.
 */
export function ModeSwitch() {
  const current = mode.use()
  return (
    <div className="flex shrink-0 items-center gap-2.5">
      <ToggleGroup.Root
        type="single"
        aria-label="Mode"
        value={current}
        onValueChange={(next) => {
          if (next !== 'test' && next !== 'live') return
          mode.set(next)
          toast(
            next === 'live'
              ? 'Live mode: messages reach people.'
              : 'Test mode: messages go to test accounts, as the sandbox is.',
            {
              id: 'mode',
            },
          )
        }}
        className="inline-flex h-7 items-center rounded-md border border-line-strong bg-sunken p-0.5"
      >
        {choices.map(({ value, label }) => (
          <ToggleGroup.Item
            key={value}
            value={value}
            className={cx(
              'inline-flex h-full min-w-11 items-center justify-center rounded-sm px-2 text-xs font-medium text-ink-2 hover:text-ink',
              value === 'test'
                ? 'data-[state=on]:bg-warn-soft data-[state=on]:text-warn data-[state=on]:shadow-[0_0_0_1px_var(--warn-dot)]'
                : 'data-[state=on]:bg-ok-soft data-[state=on]:text-ok data-[state=on]:shadow-[0_0_0_1px_var(--ok-dot)]',
            )}
          >
            {label}
          </ToggleGroup.Item>
        ))}
      </ToggleGroup.Root>
      <span
        className={cx(
          'text-xs whitespace-nowrap max-lg:sr-only',
          current === 'test' ? 'text-warn' : 'text-ok',
        )}
      >
        {current === 'test' ? 'Messages go to test accounts' : 'Messages reach people'}
      </span>
    </div>
  )
}
