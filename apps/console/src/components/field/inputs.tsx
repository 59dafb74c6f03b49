import { ChevronDown } from 'lucide-react'
import type { ComponentProps } from 'react'
import { cx } from '../../class-names.ts'

const box =
  'w-full rounded-md border border-edge bg-canvas text-sm placeholder:text-ink-3 ' +
  'focus-visible:border-focus focus-visible:outline-1 focus-visible:outline-offset-0 ' +
  'aria-invalid:border-bad disabled:opacity-55'

/** One line of text. `mono` for ids, addresses of machines and code. */
export function TextInput({ className, mono, ...rest }: ComponentProps<'input'> & { mono?: boolean }) {
  return <input {...rest} className={cx(box, 'h-8 px-2.5', mono && 'tabular', className)} />
}

/** Several lines of text. */
export function TextArea({ className, mono, ...rest }: ComponentProps<'textarea'> & { mono?: boolean }) {
  return <textarea {...rest} className={cx(box, 'resize-y px-2.5 py-1.5', mono && 'tabular', className)} />
}

/** The browser's own select: it works with every keyboard and on every phone. */
export function Select({ className, ...rest }: ComponentProps<'select'>) {
  return (
    <span className={cx('relative inline-flex w-full', className)}>
      <select {...rest} className={cx(box, 'h-8 appearance-none pr-8 pl-2.5')} />
      <ChevronDown aria-hidden className="pointer-events-none absolute top-2 right-2.5 size-4 text-ink-3" />
    </span>
  )
}
