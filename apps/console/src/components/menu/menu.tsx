import { Check } from 'lucide-react'
import { DropdownMenu as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { cx } from '../../class-names.ts'
import { insideMain } from '../../screen/inside-main.ts'

const item =
  'flex min-h-7 items-center gap-2 rounded-sm px-2 text-sm outline-none select-none ' +
  'data-[highlighted]:bg-hover data-[disabled]:opacity-50 [&_svg]:size-3.5 [&_svg]:shrink-0 [&_svg]:text-ink-3'

/** A button that opens a list of commands or choices. */
export function Menu({
  trigger,
  children,
  align = 'start',
  label,
}: {
  trigger: ReactNode
  children: ReactNode
  align?: 'start' | 'end'
  label?: string
}) {
  return (
    // Not modal: hiding the page from screen readers leaves its focusable parts hidden but reachable.
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal container={insideMain()}>
        <Radix.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          className="z-50 max-h-[min(420px,var(--radix-dropdown-menu-content-available-height))] min-w-48 overflow-y-auto rounded-md border border-line-strong bg-raised p-1 shadow-float animate-appear"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** One command. */
export function MenuItem({
  icon,
  children,
  onSelect,
  hint,
  danger = false,
  disabled = false,
}: {
  icon?: ReactNode
  children: ReactNode
  onSelect: () => void
  hint?: ReactNode
  danger?: boolean
  disabled?: boolean
}) {
  return (
    <Radix.Item
      onSelect={onSelect}
      disabled={disabled}
      className={cx(item, danger && 'text-bad [&_svg]:!text-bad')}
    >
      {icon}
      <span className="flex-1 truncate">{children}</span>
      {hint && <span className="pl-4 text-xs text-ink-3">{hint}</span>}
    </Radix.Item>
  )
}

/** One choice of several that can be on together; the menu stays open. */
export function MenuCheck({
  checked,
  onChange,
  children,
}: {
  checked: boolean
  onChange: (checked: boolean) => void
  children: ReactNode
}) {
  return (
    <Radix.CheckboxItem
      checked={checked}
      onCheckedChange={onChange}
      onSelect={(event) => event.preventDefault()}
      className={item}
    >
      <span
        className={cx(
          'flex size-4 items-center justify-center rounded-sm border',
          checked ? 'border-accent bg-accent' : 'border-edge',
        )}
      >
        {checked && <Check className="!size-3 !text-on-accent" strokeWidth={3} />}
      </span>
      <span className="flex-1">{children}</span>
    </Radix.CheckboxItem>
  )
}

/** One choice of which exactly one is on. */
export function MenuRadioGroup({
  value,
  onChange,
  choices,
}: {
  value: string
  onChange: (value: string) => void
  choices: { value: string; label: ReactNode; hint?: ReactNode }[]
}) {
  return (
    <Radix.RadioGroup value={value} onValueChange={onChange}>
      {choices.map((choice) => (
        <Radix.RadioItem key={choice.value} value={choice.value} className={item}>
          <span className="flex-1 truncate">{choice.label}</span>
          {choice.hint && <span className="pl-4 text-xs text-ink-3">{choice.hint}</span>}
          <span className="flex size-3.5 items-center">
            <Radix.ItemIndicator>
              <Check className="!text-accent" />
            </Radix.ItemIndicator>
          </span>
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  )
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className="px-2 pt-1.5 pb-1 text-xs text-ink-3">{children}</Radix.Label>
}

export function MenuLine() {
  return <Radix.Separator className="-mx-1 my-1 h-px bg-line" />
}

/** A menu inside a menu. */
export function SubMenu({ label, icon, children }: { label: string; icon?: ReactNode; children: ReactNode }) {
  return (
    <Radix.Sub>
      <Radix.SubTrigger className={cx(item, 'data-[state=open]:bg-hover')}>
        {icon}
        <span className="flex-1">{label}</span>
        <span aria-hidden className="pl-4 text-ink-3">
          ›
        </span>
      </Radix.SubTrigger>
      <Radix.Portal container={insideMain()}>
        <Radix.SubContent
          sideOffset={4}
          collisionPadding={8}
          className="z-50 max-h-[min(420px,var(--radix-dropdown-menu-content-available-height))] min-w-44 overflow-y-auto rounded-md border border-line-strong bg-raised p-1 shadow-float animate-appear"
        >
          {children}
        </Radix.SubContent>
      </Radix.Portal>
    </Radix.Sub>
  )
}
