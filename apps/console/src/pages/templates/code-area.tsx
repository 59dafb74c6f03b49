import { type KeyboardEvent, useRef } from 'react'
import { cx } from '../../class-names.ts'
import type { ControlProps } from '../../components/field/field.tsx'

/**
 * A text area for code: numbered lines, marks at those that are wrong, Tab indents and Enter keeps the indentation. Escape
 * gives Tab back to the keyboard's way through the page, until the field is left.
 */
export function CodeArea({
  control,
  label,
  value,
  onChange,
  rows,
  marked,
}: {
  control?: ControlProps
  label?: string
  value: string
  onChange: (value: string) => void
  rows: number
  /** Lines that are wrong, from 1 on. */
  marked: ReadonlySet<number>
}) {
  const gutter = useRef<HTMLDivElement>(null)
  const leaving = useRef(false)
  const lines = value.split('\n').length
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === 'Escape') leaving.current = true
    else if (event.key === 'Tab' && !leaving.current && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault()
      if (event.shiftKey) outdent(event.currentTarget)
      else insert('  ')
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey && !event.nativeEvent.isComposing) {
      const { value: text, selectionStart } = event.currentTarget
      const indent = /^[ \t]*/.exec(
        text.slice(text.lastIndexOf('\n', selectionStart - 1) + 1, selectionStart),
      )?.[0]
      if (!indent) return
      event.preventDefault()
      insert(`\n${indent}`)
    }
  }
  return (
    <div
      className={cx(
        'flex overflow-hidden rounded-md border bg-canvas font-mono text-xs leading-[19px]',
        'focus-within:border-focus focus-within:outline-1 focus-within:outline-focus',
        marked.size > 0 ? 'border-bad' : 'border-edge',
      )}
    >
      <div
        ref={gutter}
        aria-hidden
        className="w-10 shrink-0 overflow-hidden border-r border-line bg-sunken py-1.5 text-right text-ink-3 select-none"
        style={{ height: rows * 19 + 12 }}
      >
        {Array.from({ length: lines }, (_, index) => (
          <div
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
            key={index}
            className={cx('pr-2', marked.has(index + 1) && 'bg-bad-soft font-semibold text-bad')}
          >
            {index + 1}
          </div>
        ))}
        <div className="h-6" />
      </div>
      <textarea
        {...control}
        aria-label={label}
        value={value}
        wrap="off"
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        className="min-w-0 flex-1 resize-none overflow-auto bg-transparent px-2.5 py-1.5 leading-[19px] [tab-size:2] focus:outline-none"
        style={{ height: rows * 19 + 12 }}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={() => {
          leaving.current = false
        }}
        onScroll={(event) => {
          if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop
        }}
      />
    </div>
  )
}

/** Typed through the browser, so that undo knows of it. */
function insert(text: string): void {
  document.execCommand('insertText', false, text)
}

function outdent(area: HTMLTextAreaElement): void {
  const { value, selectionStart } = area
  const start = value.lastIndexOf('\n', selectionStart - 1) + 1
  const spaces = /^ {1,2}/.exec(value.slice(start))?.[0].length ?? 0
  if (spaces === 0) return
  area.setSelectionRange(start, start + spaces)
  document.execCommand('delete')
  const caret = Math.max(start, selectionStart - spaces)
  area.setSelectionRange(caret, caret)
}
