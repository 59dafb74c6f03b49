import { requireSameCall } from '@mainstay/access'
import type { Db } from '@mainstay/kernel'
import { booleanColumn, bytesColumn, textColumn, uuidColumn } from './columns.ts'
import { type Draft, SEND_METHOD } from './store.ts'

/** What became of a draft. The ids are those of an earlier notification where one held its dedupe key. */
export interface Accepted {
  notificationId: string
  messageId: string
  /** Its messages beyond the first. Absent: none. */
  otherMessageIds?: readonly string[]
  deduplicated: boolean
  /** True when an earlier call with the same idempotency key got this answer first. */
  replayed: boolean
}

/** The part of a draft that earlier calls are found by. */
export type Keys = Pick<Draft, 'projectId' | 'live' | 'dedupeKey' | 'idempotency' | 'notificationId'>

/**
 * The answers of drafts that stored nothing because a key of theirs was taken, in their order: what the first call got,
 * or the error of a call that reuses an idempotency key. Undefined where nothing is there any more: store it again.
 *
 * An idempotency row is written before it is known whether its dedupe key was free. Where it was not, the row names ids
 * that were never stored: it is corrected here, before the caller hears anything. Should we die in between, the dedupe
 * key's own row still tells, since a repeated call has the same body and with it the same dedupe key.
 */
export async function answerFromEarlier(
  db: Pick<Db, 'query'>,
  drafts: readonly Keys[],
): Promise<(Accepted | Error | undefined)[]> {
  const earlier = await findEarlier(db, drafts)
  const answers = drafts.map((draft, index) => decide(draft, earlier[index]))
  const corrections = drafts.flatMap((draft, index) => {
    if (earlier[index]?.ownKey !== true) return []
    const answer = answers[index]
    return [{ draft, response: answer === undefined || answer instanceof Error ? null : encode(answer) }]
  })
  if (corrections.length > 0) await correctKeys(db, corrections)
  return await addOthers(db, drafts, answers)
}

/** Answers with all of the messages of those notifications that have several. */
async function addOthers(
  db: Pick<Db, 'query'>,
  drafts: readonly Keys[],
  answers: readonly (Accepted | Error | undefined)[],
): Promise<(Accepted | Error | undefined)[]> {
  const asked = answers.flatMap((answer, index) =>
    answer === undefined || answer instanceof Error
      ? []
      : [{ projectId: drafts[index]?.projectId ?? null, notificationId: answer.notificationId }],
  )
  if (asked.length === 0) return [...answers]
  const { rows } = await db.query<{ notification_id: string; message_ids: string[] }>({
    text: `
      SELECT n.notification_id, n.message_ids FROM unnest($1::uuid[], $2::uuid[]) AS a (project_id, notification_id)
      JOIN notify.notifications n ON n.project_id = a.project_id AND n.notification_id = a.notification_id
      WHERE n.message_ids IS NOT NULL`,
    values: [
      uuidColumn(asked.map((one) => one.projectId)),
      uuidColumn(asked.map((one) => one.notificationId)),
    ],
  })
  const others = new Map(rows.map((row) => [row.notification_id, row.message_ids.slice(1)]))
  return answers.map((answer) => {
    if (answer === undefined || answer instanceof Error) return answer
    const otherMessageIds = others.get(answer.notificationId)
    return otherMessageIds === undefined ? answer : { ...answer, otherMessageIds }
  })
}

interface Earlier {
  /** The first call with the draft's idempotency key, another than the draft itself. */
  call?: { method: string; request_hash: Buffer; response: Buffer | null }
  /** The key's row is the draft's own: it lost by its dedupe key alone. */
  ownKey: boolean
  /** What holds the draft's dedupe key. */
  notification?: { notificationId: string; messageId: string }
}

function decide(
  draft: Keys,
  { call, notification }: Earlier = { ownKey: false },
): Accepted | Error | undefined {
  if (call === undefined || draft.idempotency === null) {
    return notification && { ...notification, deduplicated: true, replayed: false }
  }
  try {
    requireSameCall(call, SEND_METHOD, draft.idempotency.requestHash)
  } catch (error) {
    return error as Error
  }
  const first = decode(call.response)
  if (
    notification === undefined ||
    first.deduplicated ||
    first.notificationId === notification.notificationId
  ) {
    return { ...first, replayed: true }
  }
  return { ...notification, deduplicated: true, replayed: true }
}

/** Two ids of 16 bytes; a byte more says that they are those of an earlier notification. */
function decode(response: Buffer | null): Omit<Accepted, 'replayed'> {
  if (response === null || response.length < 32)
    throw new TypeError('This idempotency row is not one of ours')
  const uuid = (at: number): string =>
    response.toString('hex', at, at + 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  return { notificationId: uuid(0), messageId: uuid(16), deduplicated: response.length > 32 }
}

function encode({ notificationId, messageId, deduplicated }: Accepted): Buffer {
  const ids = `${notificationId}${messageId}`.replaceAll('-', '')
  return Buffer.from(deduplicated ? `${ids}01` : ids, 'hex')
}

/** What took the keys of these drafts, in their order. Sees everything committed before it is called. */
async function findEarlier(db: Pick<Db, 'query'>, drafts: readonly Keys[]): Promise<Earlier[]> {
  const { rows } = await db.query<{
    method: string | null
    request_hash: Buffer
    response: Buffer | null
    own_key: boolean
    notification_id: string | null
    message_id: string
  }>({
    // Unnamed: planned for the tables as they are now. This is the rare path.
    text: `
      SELECT k.method, k.request_hash, k.response, d.notification_id, d.message_id,
        coalesce(substr(k.response, 1, 16) = uuid_send(draft.notification_id), false) AS own_key
      FROM unnest($1::uuid[], $2::bool[], $3::text[], $4::text[], $5::uuid[]) WITH ORDINALITY
        AS draft (project_id, live, idempotency_key, dedupe_key, notification_id, position)
      LEFT JOIN access.idempotency_keys k ON k.project_id = draft.project_id AND k.live = draft.live
        AND k.idempotency_key = draft.idempotency_key AND k.expire_time > now()
      LEFT JOIN notify.dedupe_keys d ON d.project_id = draft.project_id AND d.live = draft.live
        AND d.dedupe_key = draft.dedupe_key
      ORDER BY position`,
    values: [...keyColumns(drafts), textColumn(drafts.map((d) => d.dedupeKey)), idColumn(drafts)],
  })
  return rows.map(({ method, request_hash, response, own_key, notification_id, message_id }) => ({
    ...(method === null || own_key ? {} : { call: { method, request_hash, response } }),
    ownKey: own_key,
    ...(notification_id === null
      ? {}
      : { notification: { notificationId: notification_id, messageId: message_id } }),
  }))
}

/** Puts the right answer into drafts' own idempotency rows, or frees the key where there is none. */
async function correctKeys(
  db: Pick<Db, 'query'>,
  corrections: readonly { draft: Keys; response: Buffer | null }[],
): Promise<void> {
  const drafts = corrections.map((correction) => correction.draft)
  await db.query({
    text: `
      WITH draft AS MATERIALIZED (
        SELECT * FROM unnest($1::uuid[], $2::bool[], $3::text[], $4::uuid[], $5::bytea[])
          AS draft (project_id, live, idempotency_key, notification_id, response)
      ),
      freed AS (
        DELETE FROM access.idempotency_keys k USING draft
        WHERE draft.response IS NULL AND k.project_id = draft.project_id AND k.live = draft.live
          AND k.idempotency_key = draft.idempotency_key
          AND substr(k.response, 1, 16) = uuid_send(draft.notification_id)
      )
      UPDATE access.idempotency_keys k SET response = draft.response FROM draft
      WHERE draft.response IS NOT NULL AND k.project_id = draft.project_id AND k.live = draft.live
        AND k.idempotency_key = draft.idempotency_key
        AND substr(k.response, 1, 16) = uuid_send(draft.notification_id)`,
    values: [
      ...keyColumns(drafts),
      idColumn(drafts),
      bytesColumn(corrections.map((correction) => correction.response)),
    ],
  })
}

function keyColumns(drafts: readonly Keys[]): Buffer[] {
  return [
    uuidColumn(drafts.map((d) => d.projectId)),
    booleanColumn(drafts.map((d) => d.live)),
    textColumn(drafts.map((d) => d.idempotency?.key ?? null)),
  ]
}

function idColumn(drafts: readonly Keys[]): Buffer {
  return uuidColumn(drafts.map((d) => d.notificationId))
}
