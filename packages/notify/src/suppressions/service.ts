import { recordAudit } from '@mainstay/access'
import {
  type AppError,
  appError,
  type Clock,
  type Db,
  fromTypeId,
  newId,
  type Tx,
  toTypeId,
} from '@mainstay/kernel'
import type { CallContext } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import { normaliseAddress } from '../providers/mailboxes.ts'
import { channelNumber, type ProviderChannel } from '../providers/outgoing.ts'
import { isPhoneNumber } from '../providers/phone-numbers.ts'
import { requireMode } from '../test-mode.ts'
import {
  deleteSuppression,
  listSuppressions,
  type SuppressionFilter,
  type SuppressionRow,
  upsertManual,
} from './store.ts'

export interface SuppressionsDeps {
  db: Db
  clock: Clock
}

export interface WantedSuppression {
  channel: ProviderChannel
  address: string
  detail: string
  /** Null: for good. */
  expireTime: Date | null
  live: boolean
}

/** The list of addresses that nothing is sent to, as people change it. */
export function createSuppressions({ db, clock }: SuppressionsDeps) {
  const within = <T>(ctx: CallContext, fn: (tx: Tx) => Promise<T>): Promise<T> =>
    ctx.tx === undefined ? db.transaction(fn) : fn(ctx.tx)

  async function record(
    tx: Tx,
    ctx: CallContext,
    row: SuppressionRow,
    verb: 'create' | 'delete',
  ): Promise<void> {
    const act = { actor: ctx.caller.id, requestId: ctx.requestId }
    await recordAudit(tx, clock, act, {
      projectId: ctx.projectId,
      action: `notify.suppressions.${verb}`,
      resource: toTypeId('sup', row.suppression_id),
    })
  }

  return {
    async create(ctx: CallContext, wanted: WantedSuppression): Promise<SuppressionRow> {
      const { channel, detail, expireTime, live } = wanted
      requireMode(
        ctx.caller,
        live,
        'A test key can only suppress test messages. Leave out `live`, or use a live key.',
      )
      requireStorable('address', wanted.address)
      requireStorable('detail', detail)
      const address = requireAddress(channel, wanted.address)
      if (expireTime !== null && expireTime.getTime() <= clock.nowMs()) {
        throw invalid('expireTime', 'must lie in the future')
      }
      return await within(ctx, async (tx) => {
        const row = await upsertManual(tx, ctx.projectId, {
          suppression_id: newId(clock),
          live,
          channel: channelNumber(channel),
          address,
          detail,
          actor: ctx.caller.id,
          create_time: clock.now(),
          expire_time: expireTime,
        })
        await record(tx, ctx, row, 'create')
        return row
      })
    },

    async list(
      projectId: string,
      page: SuppressionFilter & { beforeId: string | null; limit: number },
    ): Promise<SuppressionRow[]> {
      requireStorable('address', page.address)
      return await listSuppressions(db, projectId, { ...page, now: clock.now() })
    },

    async remove(ctx: CallContext, suppressionId: string): Promise<void> {
      const uuid = fromTypeId('sup', suppressionId)
      await within(ctx, async (tx) => {
        const mayLive = !ctx.caller.testMode
        const row = uuid === undefined ? undefined : await deleteSuppression(tx, ctx.projectId, uuid, mayLive)
        if (row === undefined) throw notFound()
        await record(tx, ctx, row, 'delete')
      })
    },
  }
}

function requireStorable(field: string, text: string): void {
  if (text.includes('\0')) throw invalid(field, 'must not hold the character U+0000')
}

/** The address as messages to it have it. */
function requireAddress(channel: ProviderChannel, text: string): string {
  if (channel === 'email') {
    const address = normaliseAddress(text)
    if (address !== undefined) return address
    throw invalid('address', 'must be one email address')
  }
  if ((channel === 'sms' || channel === 'whatsapp') && !isPhoneNumber(text)) {
    throw invalid('address', 'must be a phone number in E.164, such as +491701234567')
  }
  return text
}

function invalid(field: string, description: string): AppError {
  return appError(
    reasons,
    'notify.request_invalid',
    `The suppression is not valid. ${field}: ${description}`,
    {
      violations: [{ field, description }],
    },
  )
}

function notFound(): AppError {
  return appError(reasons, 'notify.suppression_not_found', 'There is no such suppression in this project.')
}
