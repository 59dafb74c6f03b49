import { recordAudit } from '@mainstay/access'
import {
  type AppError,
  appError,
  type Clock,
  type Db,
  fromTypeId,
  isForeignKeyViolation,
  newId,
  type Tx,
} from '@mainstay/kernel'
import type { Recipient } from '@mainstay/proto/notify/v1'
import type { Endpoint } from '@mainstay/proto/notify/v1/endpoints'
import type { CallContext } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import { channelNumber } from '../providers/outgoing.ts'
import { listTopicsOf } from '../topics/store.ts'
import { type RefusedRecipient, readBatch, storeBatch } from './batch.ts'
import {
  deleteEndpoint,
  type EndpointRow,
  listEndpoints,
  type NewEndpoint,
  upsertEndpoints,
} from './endpoint-store.ts'
import { type ReadEndpoint, readEndpoint, readRecipient } from './read-recipient.ts'
import {
  deleteRecipient,
  findRecipient,
  RECIPIENT_FIELDS,
  type RecipientField,
  type RecipientRow,
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

type Call = Pick<CallContext, 'projectId' | 'tx'>

/** What is known of people. */
export function createRecipients({ db, clock, timezones }: RecipientsDeps) {
  const within = <T>(ctx: Pick<CallContext, 'tx'>, fn: (tx: Tx) => Promise<T>): Promise<T> =>
    ctx.tx === undefined ? db.transaction(fn) : fn(ctx.tx)

  const toNew = (recipientId: string, endpoints: readonly ReadEndpoint[]): NewEndpoint[] =>
    endpoints.map((endpoint) => ({ ...endpoint, recipient_id: recipientId, endpoint_id: newId(clock) }))

  async function requireRecipient(projectId: string, recipientId: string): Promise<RecipientRow> {
    const row = await findRecipient(db, projectId, recipientId)
    if (row === undefined) throw recipientNotFound(recipientId)
    return row
  }

  return {
    async get(projectId: string, recipientId: string): Promise<KnownRecipient> {
      const [row, endpoints, topics] = await Promise.all([
        requireRecipient(projectId, recipientId),
        listEndpoints(db, projectId, recipientId),
        listTopicsOf(db, projectId, recipientId),
      ])
      return { row, endpoints, topics }
    },

    /** Creates the recipient, or changes the fields that `paths` names; none: all of them. */
    async update(ctx: Call, recipient: Recipient, paths: readonly string[]): Promise<KnownRecipient> {
      const { projectId } = ctx
      const { recipientId } = recipient
      const fields = readMask(paths)
      const read = await readRecipient(recipient, timezones)
      if (Array.isArray(read)) throw invalid('recipient', read)
      return await within(ctx, async (tx) => {
        const endpoints = lastOfEach(toNew(recipientId, read.endpoints))
        await storeBatch(tx, projectId, [read], fields, endpoints, clock.now())
        const row = await findRecipient(tx, projectId, recipientId)
        if (row === undefined) throw new TypeError('What was stored a moment ago is there')
        const stored = await listEndpoints(tx, projectId, recipientId)
        return { row, endpoints: stored, topics: await listTopicsOf(tx, projectId, recipientId) }
      })
    },

    /** Stores those that are right, in one commit, and says what is wrong with the others. */
    async updateBatch(
      ctx: Call,
      recipients: readonly Recipient[],
      paths: readonly string[],
    ): Promise<{ stored: number; refused: RefusedRecipient[] }> {
      const fields = readMask(paths)
      const { accepted, refused } = await readBatch(recipients, timezones)
      const endpoints = lastOfEach(accepted.flatMap((read) => toNew(read.row.recipient_id, read.endpoints)))
      await within(ctx, (tx) => storeBatch(tx, ctx.projectId, accepted, fields, endpoints, clock.now()))
      return { stored: accepted.length, refused }
    },

    async remove(ctx: CallContext, recipientId: string): Promise<void> {
      await within(ctx, async (tx) => {
        if (!(await deleteRecipient(tx, ctx.projectId, recipientId))) throw recipientNotFound(recipientId)
        await recordAudit(
          tx,
          clock,
          { actor: ctx.caller.id, requestId: ctx.requestId },
          { projectId: ctx.projectId, action: 'notify.recipients.delete', resource: recipientId },
        )
      })
    },

    async addEndpoint(ctx: Call, recipientId: string, endpoint: Endpoint): Promise<EndpointRow> {
      const read = readEndpoint(endpoint)
      if (Array.isArray(read)) throw invalid('endpoint', read)
      const [row] = await within(ctx, (tx) =>
        upsertEndpoints(tx, ctx.projectId, toNew(recipientId, [read]), clock.now()),
      ).catch((error: unknown) => {
        // Nobody is told apart from somebody who was deleted a moment ago: the key decides.
        throw isForeignKeyViolation(error) ? recipientNotFound(recipientId) : error
      })
      if (row === undefined) throw new TypeError('An upsert answers with its row')
      return row
    },

    async removeEndpoint(ctx: Call, recipientId: string, endpointId: string): Promise<void> {
      const uuid = fromTypeId('ept', endpointId)
      const removed =
        uuid !== undefined && (await deleteEndpoint(ctx.tx ?? db, ctx.projectId, recipientId, uuid))
      if (removed) return
      throw appError(
        reasons,
        'notify.endpoint_not_found',
        `The recipient "${recipientId}" has no endpoint ${endpointId}.`,
      )
    },

    async endpoints(projectId: string, recipientId: string): Promise<EndpointRow[]> {
      await requireRecipient(projectId, recipientId)
      return await listEndpoints(db, projectId, recipientId)
    },
  }
}

export type Recipients = ReturnType<typeof createRecipients>

const PUSH = channelNumber('push')

/** Of endpoints that are the same one to the database, the last. */
function lastOfEach(endpoints: readonly NewEndpoint[]): NewEndpoint[] {
  const keyOf = ({ channel, address, recipient_id }: NewEndpoint): string =>
    JSON.stringify([
      channel,
      channel === channelNumber('email') ? address.toLowerCase() : address,
      channel === PUSH ? '' : recipient_id,
    ])
  return [...new Map(endpoints.map((endpoint) => [keyOf(endpoint), endpoint])).values()]
}

/** The fields that an update mask names; none: all. Throws `notify.request_invalid` for others. */
function readMask(paths: readonly string[]): readonly RecipientField[] {
  if (paths.length === 0) return RECIPIENT_FIELDS
  return paths.map((path) => {
    const field = RECIPIENT_FIELDS.find((name) => name === path)
    if (field !== undefined) return field
    const description = `must only name ${RECIPIENT_FIELDS.join(', ')}`
    throw appError(
      reasons,
      'notify.request_invalid',
      `The update mask names "${path}", which cannot be changed.`,
      { violations: [{ field: 'updateMask', description }] },
    )
  })
}

function invalid(what: string, found: readonly { field: string; description: string }[]): AppError {
  return appError(reasons, 'notify.request_invalid', `The ${what} is not valid: see the details.`, {
    violations: found.map((one) => ({ ...one, field: `${what}.${one.field}` })),
  })
}

function recipientNotFound(recipientId: string): AppError {
  return appError(reasons, 'notify.recipient_not_found', `There is no recipient "${recipientId}".`)
}
