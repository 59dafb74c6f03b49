import type { Tx } from '@mainstay/kernel'
import { booleanColumn, smallintColumn, textColumn, timeColumn, uuidColumn } from '../accept/columns.ts'

/** A message that waits to be sent, as far as its recipient's wishes depend on it. */
export interface Gated {
  projectId: string
  messageId: string
  live: boolean
  /** Of the contract. */
  channel: number
  lane: number
  recipientId: string | null
  category: string | null
}

/** Why a message is not sent now: it never will be, or quiet hours keep it. */
export type Gate = { skip: string } | { heldBy: string; untilMs: number }

/** What recipients say about a message. */
export interface Wish {
  gate?: Gate
  /** Its category cannot be switched off. */
  isMandatory: boolean
}

/**
 * What recipients' wishes say now about messages that were accepted earlier, by the message's id: a preference may have been
 * switched off while they waited, or quiet hours begun. Caps were counted when they were accepted. Asks nothing about messages
 * that have neither recipient nor category.
 */
export async function findWishes(
  tx: Tx,
  messages: readonly Gated[],
  nowMs: number,
): Promise<ReadonlyMap<string, Wish>> {
  const asked = messages.filter((m) => m.lane !== 1 && (m.recipientId !== null || m.category !== null))
  if (asked.length === 0) return NO_WISHES
  const { rows } = await tx.query<{
    place: number
    skip: string | null
    untilMs: number
    note: string | null
  }>({
    name: 'notify.deliver.wishes',
    text: `SELECT place, skip_reason AS skip, (extract(epoch FROM due_time) * 1000)::float8 AS "untilMs", note
      FROM notify.find_gated($1::uuid[], $2::bool[], $3::int2[], $4::int2[], $5::text[], $6::text[], $7::timestamptz[])
      UNION ALL
      SELECT a.place::int4, NULL, NULL, NULL
      FROM unnest($1::uuid[], $6::text[]) WITH ORDINALITY AS a (project_id, category, place)
      JOIN notify.categories c ON c.project_id = a.project_id AND c.category = a.category
      WHERE c.mandatory`,
    values: [
      uuidColumn(asked.map((m) => m.projectId)),
      booleanColumn(asked.map((m) => m.live)),
      smallintColumn(asked.map((m) => m.channel)),
      smallintColumn(asked.map((m) => m.lane)),
      textColumn(asked.map((m) => m.recipientId)),
      textColumn(asked.map((m) => m.category)),
      timeColumn(asked.map(() => nowMs)),
    ],
  })
  const wishes = new Map<string, Wish>()
  for (const { place, skip, untilMs, note } of rows) {
    const messageId = asked[place - 1]?.messageId
    if (messageId === undefined) continue
    const wish = wishes.get(messageId) ?? { isMandatory: false }
    if (skip !== null) wish.gate = { skip }
    else if (note !== null) wish.gate = { heldBy: note, untilMs }
    else wish.isMandatory = true
    wishes.set(messageId, wish)
  }
  return wishes
}

const NO_WISHES: ReadonlyMap<string, Wish> = new Map()
