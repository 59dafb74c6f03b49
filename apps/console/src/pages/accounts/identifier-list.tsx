import type { Identifier } from '@mainstay/proto/identity/v1/accounts'
import { AtSign } from 'lucide-react'
import { Copyable } from '../../components/copy/copy-button.tsx'
import { Section } from '../../components/page/page.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { identifierTypes } from './account-states.ts'

/** What an account signs in by, and whether the person has proved that it is theirs. */
export function IdentifierList({ identifiers }: { identifiers: readonly Identifier[] }) {
  return (
    <Section title="Signs in by">
      {identifiers.length === 0 ? (
        <p className="text-sm text-ink-2">Nothing yet: this account cannot sign in by a code.</p>
      ) : (
        <ul className="overflow-hidden rounded-lg border border-line">
          {identifiers.map((identifier) => (
            <IdentifierItem key={`${identifier.type} ${identifier.value}`} identifier={identifier} />
          ))}
        </ul>
      )}
    </Section>
  )
}

function IdentifierItem({ identifier: { type, value, verifyTime } }: { identifier: Identifier }) {
  const { icon: Icon, word } = identifierTypes.get(type) ?? { icon: AtSign, word: 'Other' }
  return (
    <li className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-0.5 border-line px-3 py-1.5 text-sm not-first:border-t">
      <Icon className="size-4 shrink-0 text-ink-3" aria-hidden />
      <span className="sr-only">{word}</span>
      <Copyable text={value} what={word.toLowerCase()} className="!text-ink" />
      <span className="ml-auto flex items-center gap-2 text-xs text-ink-2">
        {verifyTime ? (
          <>
            <StateMark tone="ok">Verified</StateMark>
            <RelativeTime time={verifyTime} />
          </>
        ) : (
          <StateMark tone="quiet" hollow>
            Not verified
          </StateMark>
        )}
      </span>
    </li>
  )
}
