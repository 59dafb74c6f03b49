import type { JsonValue } from '@bufbuild/protobuf'
import type { ReactNode } from 'react'
import { cx } from '../../class-names.ts'
import { CopyButton } from '../copy/copy-button.tsx'
import { ScrollRegion } from '../scroll-region/scroll-region.tsx'

/** A JSON value, indented, with quiet colours and a copy button. */
export function JsonView({ value, label }: { value: JsonValue; label: string }) {
  const text = JSON.stringify(value, null, 2)
  return (
    <CodeBox text={text} label={label}>
      {text.split(/("(?:[^"\\]|\\.)*"(?:\s*:)?)/).map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
        <span key={index} className={colour(part)}>
          {part}
        </span>
      ))}
    </CodeBox>
  )
}

function colour(part: string): string | undefined {
  if (!part.startsWith('"')) return undefined
  return part.endsWith(':') ? 'text-ink-2' : 'text-accent'
}

/** Text as a machine said it: mono, wrapped, scrolling on its own when long, copied with one press. */
export function CodeBox({
  text,
  label,
  wrap = true,
  children,
}: {
  text: string
  label: string
  wrap?: boolean
  children?: ReactNode
}) {
  return (
    <div className="group/code relative rounded-md border border-line bg-sunken">
      <ScrollRegion label={label} className="max-h-96 overflow-auto rounded-md">
        <pre
          className={cx(
            'px-3 py-2.5 tabular text-xs leading-[18px]',
            wrap && 'whitespace-pre-wrap [overflow-wrap:anywhere]',
          )}
        >
          {children ?? text}
        </pre>
      </ScrollRegion>
      <div className="absolute top-1.5 right-1.5 opacity-0 transition-opacity duration-100 group-focus-within/code:opacity-100 group-hover/code:opacity-100">
        <CopyButton text={text} />
      </div>
    </div>
  )
}
