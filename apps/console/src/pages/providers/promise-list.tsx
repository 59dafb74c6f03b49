import { Check, Minus } from 'lucide-react'
import { promiseWords } from './promise-words.ts'
import type { Promises } from './provider-choices.ts'

/** What a provider promises, in one line of small words. */
export function PromiseLine({ promises }: { promises: Promises }) {
  return (
    <span className="flex flex-wrap gap-x-3 gap-y-0.5 text-xs text-ink-2">
      {promiseWords(promises).map(({ word, good }) => (
        <span key={word} className="inline-flex items-center gap-1 whitespace-nowrap">
          <PromiseIcon good={good} />
          {word}
        </span>
      ))}
    </span>
  )
}

/** The same with what each means for messages. */
export function PromiseFacts({ promises }: { promises: Promises }) {
  return (
    <ul className="flex flex-col gap-1">
      {promiseWords(promises).map(({ word, good, meaning }) => (
        <li key={word} className="flex items-baseline gap-1.5 text-xs text-ink-2">
          <span className="w-3.5 shrink-0 translate-y-0.5">
            <PromiseIcon good={good} />
          </span>
          <span>
            <span className="font-medium text-ink">{word}.</span> {meaning}
          </span>
        </li>
      ))}
    </ul>
  )
}

function PromiseIcon({ good }: { good: boolean | undefined }) {
  if (good === undefined) return null
  const Icon = good ? Check : Minus
  return <Icon aria-hidden className={good ? 'size-3.5 shrink-0 text-ok' : 'size-3.5 shrink-0 text-ink-3'} />
}
