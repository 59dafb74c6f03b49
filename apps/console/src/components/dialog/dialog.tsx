import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { cx } from '../../class-names.ts'

/** A modal dialog: it traps focus, closes with Escape, and gives focus back where it came from. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  wide = false,
  mustChoose = false,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  description?: ReactNode
  children: ReactNode
  wide?: boolean
  /** A press outside does not close it: what it shows would be lost. */
  mustChoose?: boolean
}) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim animate-appear" />
        <Radix.Content
          {...(description ? {} : { 'aria-describedby': undefined })}
          onOpenAutoFocus={focusFirstControl}
          onInteractOutside={(event) => mustChoose && event.preventDefault()}
          className={cx(
            'fixed top-[10vh] left-1/2 z-40 flex max-h-[82vh] w-[calc(100vw-24px)] -translate-x-1/2 flex-col rounded-lg border border-line-strong bg-raised shadow-float animate-rise focus:outline-none',
            wide ? 'max-w-[640px]' : 'max-w-[480px]',
          )}
        >
          <div className="flex items-start gap-3 px-5 pt-4 pb-3">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
              {description && (
                <Radix.Description className="mt-1 text-sm text-ink-2">{description}</Radix.Description>
              )}
            </div>
            {/* Without a tooltip: Escape would close that first, and the dialog only the second time. */}
            <Radix.Close
              aria-label="Close"
              className="-mr-2 flex size-7 shrink-0 items-center justify-center rounded-md text-ink-2 hover:bg-hover hover:text-ink"
            >
              <X className="size-4" aria-hidden />
            </Radix.Close>
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** Focus starts where the work starts, at the first field or button, and not at the cross. */
function focusFirstControl(event: Event): void {
  const dialog = event.currentTarget
  if (!(dialog instanceof HTMLElement)) return
  const first = dialog.querySelector<HTMLElement>(
    '[data-dialog-body] :is(input, textarea, select, button), [data-dialog-buttons] button',
  )
  event.preventDefault()
  if (first) first.focus()
  else dialog.focus()
}

/** The scrolling middle of a dialog. */
export function DialogBody({ children }: { children: ReactNode }) {
  return (
    <div data-dialog-body className="min-h-0 flex-1 overflow-y-auto px-5 pt-1 pb-5">
      {children}
    </div>
  )
}

/** The buttons of a dialog: the one that does the thing stands last. */
export function DialogButtons({ children }: { children: ReactNode }) {
  return (
    <div
      data-dialog-buttons
      className="flex flex-wrap items-center justify-end gap-2 border-t border-line px-5 py-3"
    >
      {children}
    </div>
  )
}
