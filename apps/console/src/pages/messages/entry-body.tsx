import type { TimelineEntry } from '@mainstay/proto/notify/v1'
import { Link } from 'react-router'
import { Copyable } from '../../components/copy/copy-button.tsx'
import { Facts } from '../../components/facts/facts.tsx'
import { CodeBox, JsonView } from '../../components/json-view/json-view.tsx'

/** Whether there is more to an entry than its line. */
export function hasBody(entry: TimelineEntry): boolean {
  return Boolean(entry.detail || entry.providerAccountId || entry.providerMessageId || hasAttributes(entry))
}

/** An entry opened: what the machine said word for word, its neighbours, and the facts behind it. */
export function EntryBody({ entry }: { entry: TimelineEntry }) {
  const { request, facts } = partsOf(entry)
  return (
    <>
      {entry.detail && (
        <CodeBox text={entry.detail} label={entry.attempt > 0 ? 'Reply of the provider' : 'Detail'} />
      )}
      {request !== undefined && <CodeBox text={request} label="Request, redacted" />}
      <Facts
        rows={[
          [
            'Provider',
            entry.providerAccountId && (
              <Link
                to={`/providers/${entry.providerAccountId}`}
                className="text-accent underline-offset-2 hover:underline"
              >
                {entry.providerDisplayName || entry.providerAccountId}
              </Link>
            ),
          ],
          [
            'Their id',
            entry.providerMessageId && <Copyable text={entry.providerMessageId} what="the provider’s id" />,
          ],
          ['By', isPersonal(entry.actor) && <Copyable text={entry.actor} what="actor id" />],
        ]}
      />
      {Object.keys(facts).length > 0 && <JsonView value={facts} label="Facts" />}
    </>
  )
}

/** An operator or a key, rather than a part of Mainstay. */
function isPersonal(actor: string): boolean {
  return actor.startsWith('opr_') || actor.startsWith('key_')
}

/** What the provider was asked has a box of its own. */
function partsOf({ attempt, attributes = {} }: TimelineEntry) {
  const { request, ...facts } = attributes
  return attempt > 0 && typeof request === 'string'
    ? { request, facts }
    : { request: undefined, facts: attributes }
}

function hasAttributes(entry: TimelineEntry): boolean {
  return Object.keys(entry.attributes ?? {}).length > 0
}
