import type { ComponentProps, ReactNode } from 'react'
import { Link } from 'react-router'
import { cx } from '../../class-names.ts'
import { Tooltip } from '../tooltip/tooltip.tsx'

export type ButtonKind = 'primary' | 'secondary' | 'ghost' | 'danger'
type Size = 'sm' | 'md'

const kinds: Record<ButtonKind, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover',
  secondary: 'border border-line-strong bg-raised text-ink hover:bg-hover',
  ghost: 'text-ink-2 hover:bg-hover hover:text-ink',
  danger: 'bg-danger text-on-danger hover:bg-danger-hover',
}

const sizes: Record<Size, string> = { sm: 'h-7 px-2.5 text-sm', md: 'h-8 px-3 text-sm' }

function look(kind: ButtonKind, size: Size, extra: string | undefined): string {
  return cx(
    'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap',
    'transition-colors duration-100 disabled:opacity-55 [&_svg]:size-3.5 [&_svg]:shrink-0',
    kinds[kind],
    sizes[size],
    extra,
  )
}

interface Look {
  kind?: ButtonKind
  size?: Size
}

/** A button says what it does with a verb. `busy` keeps its width and refuses a second press. */
export function Button({
  kind = 'secondary',
  size = 'md',
  busy = false,
  className,
  children,
  ...rest
}: ComponentProps<'button'> & Look & { busy?: boolean }) {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy || undefined}
      disabled={rest.disabled || busy}
      className={look(kind, size, cx(busy && 'animate-breathe', className))}
    >
      {children}
    </button>
  )
}

/** A link that looks like a button: it goes somewhere, so it can be opened in a new tab. */
export function ButtonLink({
  kind = 'secondary',
  size = 'md',
  className,
  ...rest
}: ComponentProps<typeof Link> & Look) {
  return <Link {...rest} className={look(kind, size, className)} />
}

/** A square button with an icon; `label` is its name for screen readers and its tooltip. */
export function IconButton({
  label,
  keys,
  children,
  className,
  size = 'sm',
  kind = 'ghost',
  ...rest
}: ComponentProps<'button'> & Look & { label: string; keys?: string; children: ReactNode }) {
  return (
    <Tooltip text={label} keys={keys}>
      <button
        type="button"
        aria-label={label}
        {...rest}
        className={look(kind, size, cx('!px-0 [&_svg]:!size-4', size === 'sm' ? 'w-7' : 'w-8', className))}
      >
        {children}
      </button>
    </Tooltip>
  )
}
