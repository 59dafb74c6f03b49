import { type AppError, appError, type Clock, type Db, newId, type Tx } from '@mainstay/kernel'
import type { Recipient } from '@mainstay/proto/notify/v1'
import type { CallContext } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import { listTopicsOf } from '../topics/store.ts'
import { type EndpointRow, listEndpoints, type NewEndpoint, upsertEndpoints } from './endpoint-store.ts'
import { type ReadEndpoint, readRecipient } from './read-recipient.ts'
import {
  findRecipient,
  RECIPIENT_FIELDS,
  type RecipientField,
  type RecipientRow,
  upsertRecipients,
} from './store.ts'
import type { Timezones } from './timezones.ts'

export interface RecipientsDeps {
  db: Db
  clock: Clock
  timezones: Timezones
}

/** A recipient with where to reach them and what they are subscribed to. */
export interface KnownRecipient {
  row: RecipientRow
  endpoints: EndpointRow[]
  topics: string[]
}

/** What is known of people. */
export function createRecipients({ db, clock, timezones }: RecipientsDeps) {
  const within = <T>(ctx: Pick<CallContext, 'tx'>, fn: (tx: Tx) => Promise<T>): Promise<T> =>
    ctx.tx === undefined ? db.transaction(fn) : fn(ctx.tx)

  return {
    async get(projectId: string, recipientId: string): Promise<KnownRecipient> {
      const [row, endpoints, topics] = await Promise.all([
        findRecipient(db, projectId, recipientId),
        listEndpoints(db, projectId, recipientId),
        listTopicsOf(db, projectId, recipientId),
      ])
      if (row === undefined) throw recipientNotFound(recipientId)
      return { row, endpoints, topics }
    },

    /** Creates the recipient, or changes the fields that `paths` names; none: all of them. */
    async update(
      ctx: Pick<CallContext, 'projectId' | 'tx'>,
      recipient: Recipient,
      paths: readonly string[],
    ): Promise<KnownRecipient> {
      const fields = readMask(paths)
      const read = await readRecipient(recipient, timezones)
      if (Array.isArray(read)) {
        const violations = read.map((one) => ({ ...one, field: `recipient.${one.field}` }))
        throw appError(reasons, 'notify.request_invalid', 'The recipient is not valid: see the details.', {
          violations,
        })
      }
      return await within(ctx, async (tx) => {
        const now = clock.now()
        const [row] = await upsertRecipients(tx, ctx.projectId, [read.row], fields, now)
        if (row === undefined) throw new TypeError('An upsert answers with its row')
        const added = ownEndpoints(recipient.recipientId, read.endpoints)
        if (added.length > 0) await upsertEndpoints(tx, ctx.projectId, added, now)
        const endpoints = await listEndpoints(tx, ctx.projectId, recipient.recipientId)
        return { row, endpoints, topics: await listTopicsOf(tx, ctx.projectId, recipient.recipientId) }
      })
    },
  }

  function ownEndpoints(recipientId: string, endpoints: readonly ReadEndpoint[]): NewEndpoint[] {
    return lastOfEach(
      endpoints.map((endpoint) => ({ ...endpoint, recipient_id: recipientId, endpoint_id: newId(clock) })),
    )
  }
}

export type Recipients = ReturnType<typeof createRecipients>

/** Of endpoints that are the same one to the database, the last. */
export function lastOfEach(endpoints: readonly NewEndpoint[]): NewEndpoint[] {
  const PUSH = 4
  return [
    ...new Map(
      endpoints.map((endpoint) => {
        const { channel, address, recipient_id } = endpoint
        const key = channel === 1 ? address.toLowerCase() : address
        return [JSON.stringify([channel, key, channel === PUSH ? '' : recipient_id]), endpoint]
      }),
    ).values(),
  ]
}

/** The fields that an update mask names; none: all. Throws `notify.request_invalid` for others. */
export function readMask(paths: readonly string[]): readonly RecipientField[] {
  if (paths.length === 0) return RECIPIENT_FIELDS
  return paths.map((path) => {
    const field = RECIPIENT_FIELDS.find((name) => name === path)
    if (field !== undefined) return field
    throw appError(
      reasons,
      'notify.request_invalid',
      `The update mask names "${path}", which cannot be changed.`,
      {
        violations: [{ field: 'updateMask', description: `must only name ${RECIPIENT_FIELDS.join(', ')}` }],
      },
    )
  })
}

export function recipientNotFound(recipientId: string): AppError {
  return appError(reasons, 'notify.recipient_not_found', `There is no recipient "${recipientId}".`)
}
