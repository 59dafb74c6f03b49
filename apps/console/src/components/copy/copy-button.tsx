import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { cx } from '../../class-names.ts'
import { Button } from '../button/button.tsx'
import { toast } from '../toast/toast.tsx'

/** Copies a text and says so for a moment: in the button, and to screen readers. */
export function useCopy(text: string): { copied: boolean; copy: () => void } {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1_600)
    return () => clearTimeout(timer)
  }, [copied])
  return {
    copied,
    copy() {
      navigator.clipboard.writeText(text).then(
        () => setCopied(true),
        () => toast.error('The browser does not let this page copy. Select the text and copy it yourself.'),
      )
    },
  }
}

/** A labelled copy button, for snippets and secrets. */
export function CopyButton({
  text,
  label = 'Copy',
  kind = 'secondary' as const,
}: {
  text: string
  label?: string
  kind?: 'primary' | 'secondary'
}) {
  const { copied, copy } = useCopy(text)
  return (
    <Button size="sm" kind={kind} onClick={copy}>
      {copied ? <Check aria-hidden /> : <Copy aria-hidden />}
      <span aria-live="polite">{copied ? 'Copied' : label}</span>
    </Button>
  )
}

/** An id or another exact text, in mono, that copies itself. `short` shows its head and tail and copies the whole. */
export function Copyable({
  text,
  what,
  className,
  short = false,
}: {
  text: string
  what: string
  className?: string
  short?: boolean
}) {
  const { copied, copy } = useCopy(text)
  return (
    <button
      type="button"
      onClick={(event) => {
        event.stopPropagation()
        copy()
      }}
      title={text}
      className={cx(
        'group/copy relative z-10 inline-flex max-w-full items-center gap-1 rounded-sm text-left tabular text-xs text-ink-2 hover:text-ink',
        className,
      )}
    >
      <span className="sr-only">{copied ? 'Copied' : `Copy ${what}`}</span>
      <span className="truncate">{short ? shorten(text) : text}</span>
      {copied ? (
        <Check className="size-3 shrink-0 text-ok" aria-hidden />
      ) : (
        <Copy
          className="size-3 shrink-0 opacity-0 group-hover/copy:opacity-100 group-focus-visible/copy:opacity-100"
          aria-hidden
        />
      )}
    </button>
  )
}

/** `msg_01m8…y0000`: ids of one moment share their head, so the tail tells them apart. */
function shorten(text: string): string {
  return text.length <= 16 ? text : `${text.slice(0, 8)}…${text.slice(-6)}`
}
