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

/**
 * What recipients' wishes say now about messages that were accepted earlier, by the message's id: a preference may have been
 * switched off while they waited, or quiet hours begun. Caps were counted when they were accepted. Asks nothing about messages
 * that have neither recipient nor category.
 */
export async function findGates(
  tx: Tx,
  messages: readonly Gated[],
  nowMs: number,
): Promise<ReadonlyMap<string, Gate>> {
  const asked = messages.filter((m) => m.lane !== 1 && (m.recipientId !== null || m.category !== null))
  if (asked.length === 0) return NO_GATES
  const { rows } = await tx.query<{ place: number; skip: string | null; untilMs: number; note: string }>({
    name: 'notify.deliver.gates',
    text: `SELECT place, skip_reason AS skip, (extract(epoch FROM due_time) * 1000)::float8 AS "untilMs", note
      FROM notify.find_gated($1::uuid[], $2::bool[], $3::int2[], $4::int2[], $5::text[], $6::text[], $7::timestamptz[])`,
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
  return new Map(
    rows.flatMap(({ place, skip, untilMs, note }): [string, Gate][] => {
      const message = asked[place - 1]
      if (message === undefined) return []
      return [[message.messageId, skip === null ? { heldBy: note, untilMs } : { skip }]]
    }),
  )
}

const NO_GATES: ReadonlyMap<string, Gate> = new Map()
