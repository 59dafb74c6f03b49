import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate, timestampFromMs } from '@bufbuild/protobuf/wkt'
import { type Clock, type Db, idTimeMs, toTypeId } from '@mainstay/kernel'
import { WorkflowEntryKind, type WorkflowRunEntrySchema } from '@mainstay/proto/notify/v1/workflows'
import { stateOf } from '../messages/row.ts'
import { findMessages } from '../messages/store.ts'
import { findFates } from './engine/fate-store.ts'
import { listEntries, type RunRow } from './run-store.ts'

export interface TimelineDeps {
  db: Db
  clock: Clock
}

type Entry = MessageInitShape<typeof WorkflowRunEntrySchema>

/** Everything that happened in a run, oldest first, with where its messages stand now. */
export async function readTimeline(
  { db, clock }: TimelineDeps,
  projectId: string,
  run: RunRow,
): Promise<Entry[]> {
  const rows = await listEntries(db, projectId, run.run_id)
  const ids = rows.flatMap(({ message_id: id }) => id ?? [])
  const [messages, fates] = await Promise.all([
    ids.length === 0 ? [] : findMessages(db, projectId, ids),
    ids.length === 0
      ? []
      : findFates(
          db,
          ids.map((messageId) => ({ projectId, messageId })),
        ),
  ])
  const byId = new Map(messages.map((message) => [message.message_id, message]))
  const seen = new Map(fates.map(({ messageId, seenTime }) => [messageId, seenTime]))
  const started: Entry = {
    time: timestampFromMs(idTimeMs(run.run_id)),
    kind: WorkflowEntryKind.STARTED,
    title: run.item_count === 0 ? 'Started' : `Digest of ${run.item_count} closed`,
    detail: run.dedupe_key === null ? '' : `Dedupe key ${run.dedupe_key}`,
  }
  // A digest's run has the id of its window, which was made when that opened: the entry of its closing tells when it began.
  const first = rows[0]
  if (run.item_count > 0 && first !== undefined) started.time = timestampFromMs(idTimeMs(first.entry_id))
  const told = rows.map((row): Entry => {
    const message = row.message_id === null ? undefined : byId.get(row.message_id)
    const seenTime = row.message_id === null ? undefined : seen.get(row.message_id)
    return {
      time: timestampFromMs(idTimeMs(row.entry_id)),
      kind: row.kind,
      step: row.step,
      title: row.title,
      detail: row.detail ?? '',
      messageId: row.message_id === null ? '' : toTypeId('msg', row.message_id),
      ...(message && { channel: message.channel, messageState: stateOf(message, clock.nowMs()) }),
      ...(seenTime && { messageSeenTime: timestampFromDate(seenTime) }),
    }
  })
  return [started, ...told]
}
