import { ToggleGroup } from 'radix-ui'
import type { ReactNode } from 'react'
import { cx } from '../../class-names.ts'

/** A few choices side by side, exactly one of them on. */
export function Segmented<T extends string>({
  label,
  value,
  onChange,
  choices,
  className,
}: {
  label: string
  value: T | undefined
  onChange: (value: T) => void
  choices: readonly { value: T; label: ReactNode }[]
  className?: string
}) {
  return (
    <ToggleGroup.Root
      type="single"
      aria-label={label}
      value={value ?? ''}
      onValueChange={(next) => {
        const chosen = choices.find((choice) => choice.value === next)
        if (chosen) onChange(chosen.value)
      }}
      className={cx(
        'inline-flex h-8 items-center gap-0.5 rounded-md border border-line bg-sunken p-0.5',
        className,
      )}
    >
      {choices.map((choice) => (
        <ToggleGroup.Item
          key={choice.value}
          value={choice.value}
          className="inline-flex h-full items-center gap-1.5 rounded-sm px-2.5 text-sm max-sm:px-2 whitespace-nowrap text-ink-2 hover:text-ink data-[state=on]:bg-raised data-[state=on]:font-medium data-[state=on]:text-ink data-[state=on]:shadow-[0_0_0_1px_var(--line-strong)]"
        >
          {choice.label}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  )
}
