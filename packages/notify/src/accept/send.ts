import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt'
import { idempotencySpace } from '@mainstay/access'
import { AppError, appError, type Clock, type Db, idTimeMs, newId, toTypeId } from '@mainstay/kernel'
import {
  Channel,
  MessageClass,
  type NotificationSchema,
  type SendNotificationRequest,
  type TemplateRef,
  UnknownPolicy,
} from '@mainstay/proto/notify/v1'
import type { CallContext } from '@mainstay/rpc'
import { readExtras, refuseExtras } from '../attachments/read.ts'
import { keptUntil, storeAttachments } from '../attachments/store.ts'
import type { NotifySettings } from '../config.ts'
import { reasons } from '../errors.ts'
import { LINK_SAMPLES } from '../preferences/mail-links.ts'
import { type ProviderDirectory, takersOf } from '../provider-accounts/directory.ts'
import { channelNumber, type MessageChannel, type ProviderChannel } from '../providers/outgoing.ts'
import type { MailExtras, Renderer } from '../rendering.ts'
import { findAddressee } from './address.ts'
import { type FindCategory, requireCategory } from './categories.ts'
import { inlineContent, templateContent } from './content.ts'
import { type Accepted, answerFromEarlier } from './earlier.ts'
import type { FindRecipient } from './recipients.ts'
import type { Draft } from './store.ts'
import type { Writer } from './writer.ts'

export interface SendDeps {
  db: Pick<Db, 'query'>
  writer: Pick<Writer, 'submit'>
  clock: Clock
  settings: NotifySettings
  directory: Pick<ProviderDirectory, 'candidates'>
  renderer: Pick<Renderer, 'find' | 'check'>
  findRecipient: FindRecipient
  findCategory: FindCategory
  /** Messages to recipients bring links to their preferences along. Default: they do not. */
  hasLinks?: boolean
}

/** What sending asks of a call. */
export type SendContext = Pick<
  CallContext,
  'projectId' | 'caller' | 'requestId' | 'trace' | 'idempotency' | 'setHeader'
> & {
  /** uuid of the run of a workflow that sends it. */
  workflowRunId?: string
}

export type Send = ReturnType<typeof createSend>

const DAY_MS = 86_400_000

/** Stores one notification durably, once per dedupe key and once per idempotency key, and answers with it. */
export function createSend(deps: SendDeps) {
  const { db, writer } = deps

  return async function send(
    request: SendNotificationRequest,
    ctx: SendContext,
  ): Promise<MessageInitShape<typeof NotificationSchema>> {
    const envelope = sealEnvelope(request, ctx, deps)
    let accepted: Accepted
    try {
      const extras = readExtras(request, deps.settings)
      const letter = await writeLetter(request, envelope, extras.stored, deps)
      if (extras.files.size > 0) {
        const keepUntil = keptUntil(envelope.expireMs, deps.settings.retentionDays)
        await storeAttachments(db, envelope.projectId, extras.files, keepUntil)
      }
      accepted = await writer.submit({ ...envelope, ...letter })
    } catch (error) {
      accepted = await repeatedAnswer(error, envelope, db)
    }
    if (accepted.replayed) ctx.setHeader('idempotent-replayed', 'true')
    return {
      notificationId: toTypeId('ntf', accepted.notificationId),
      messageIds: [accepted.messageId, ...(accepted.otherMessageIds ?? [])].map((id) => toTypeId('msg', id)),
      createTime: timestampFromMs(idTimeMs(accepted.notificationId)),
      deduplicated: accepted.deduplicated,
    }
  }
}

type Letter = Pick<
  Draft,
  'channel' | 'content' | 'to' | 'others' | 'recipientId' | 'subject' | 'templateName' | 'templateVersion'
>
type Envelope = Omit<Draft, keyof Letter>

/** All that the request alone says: ids, keys, times, policy. */
function sealEnvelope(
  request: SendNotificationRequest,
  ctx: SendContext,
  { clock, settings }: SendDeps,
): Envelope {
  const messageClass = request.messageClass || MessageClass.TRANSACTIONAL
  const notificationId = newId(clock)
  const createMs = idTimeMs(notificationId)
  const sendMs = Math.max(createMs, request.sendTime === undefined ? 0 : timestampMs(request.sendTime))
  if (sendMs > createMs + 365 * DAY_MS) {
    throw appError(reasons, 'notify.request_invalid', 'sendTime lies more than 365 days ahead.', {
      violations: [{ field: 'sendTime', description: 'must be at most 365 days ahead' }],
    })
  }
  const { ttl, idempotency } = { ttl: request.ttl, idempotency: ctx.idempotency }
  const ttlMs =
    ttl === undefined ? defaultTtlMs(settings, messageClass) : Number(ttl.seconds) * 1000 + ttl.nanos / 1e6
  const { projectId, live } = idempotencySpace(ctx)
  return {
    projectId,
    live,
    notificationId,
    messageId: newId(clock),
    dedupeKey: request.dedupeKey || null,
    category: request.category || null,
    idempotency: idempotency ?? null,
    actor: ctx.caller.id,
    requestId: ctx.requestId,
    traceId: ctx.trace.traceId,
    workflowRunId: ctx.workflowRunId ?? null,
    class: messageClass,
    unknownPolicy: request.unknownPolicy || defaultPolicy(settings, messageClass),
    createMs,
    sendMs,
    expireMs: sendMs + ttlMs,
  }
}

/** What depends on things stored before: the address, the template's version, a provider that could take it. */
async function writeLetter(
  request: SendNotificationRequest,
  { projectId, live, category }: Envelope,
  extras: MailExtras | undefined,
  { clock, directory, renderer, findRecipient, findCategory, hasLinks = false }: SendDeps,
): Promise<Letter> {
  const { content } = request
  // The contract wants one of the cases: its rules have been kept before this is called.
  if (content.case === undefined) throw new TypeError('A request to send has content')
  if (category !== null) await requireCategory(projectId, category, findCategory)
  const template = content.case === 'template' ? await renderer.find(projectId, content.value) : undefined
  const channel = requireChannel(
    request.channel,
    content.case === 'template' ? template?.channel : content.case,
  )
  if (extras !== undefined && channel !== 'email') refuseExtras()
  const { addresses, recipientId, locale } = await findAddressee(
    request.to?.target,
    channel,
    projectId,
    findRecipient,
  )
  const letter =
    content.case === 'template'
      ? await fillTemplate(
          { name: content.value.name, version: template?.version ?? content.value.version },
          request.locale || locale,
          request.data ?? {},
          hasLinks && recipientId !== null && channel !== 'inbox' ? LINK_SAMPLES : {},
          { projectId, extras, renderer },
        )
      : { ...inlineContent(content, extras), ...NO_TEMPLATE }
  const [to = '', ...others] =
    channel === 'inbox' ? addresses : await findReachable(directory, projectId, live, channel, addresses)
  return {
    to,
    ...(others.length > 0 && { others: others.map((address) => ({ messageId: newId(clock), to: address })) }),
    recipientId,
    ...letter,
    channel: channelNumber(channel),
  }
}

const NO_TEMPLATE = { templateName: null, templateVersion: null } as const

async function fillTemplate(
  { name, version }: Pick<TemplateRef, 'name' | 'version'>,
  locale: string,
  data: Record<string, unknown>,
  linkSamples: Readonly<Record<string, string>>,
  {
    projectId,
    extras,
    renderer,
  }: { projectId: string; extras: MailExtras | undefined; renderer: Pick<Renderer, 'check'> },
) {
  const template = { name, version, ...(locale === '' ? {} : { locale }) }
  const { subject } = await renderer.check(projectId, template, { ...linkSamples, ...data })
  const content = templateContent(template, data, extras)
  return { content, subject, templateName: name, templateVersion: version }
}

/** The content's own channel, which the request may also name. */
function requireChannel(channel: Channel, own: MessageChannel = 'email'): MessageChannel {
  if (channel === Channel.UNSPECIFIED || channel === channelNumber(own)) return own
  throw appError(
    reasons,
    'notify.request_invalid',
    'The content is of another channel than the request names.',
    {
      violations: [{ field: 'channel', description: `must be unset or that of the content, ${own}` }],
    },
  )
}

/** Those of the addresses that some account can reach: a device whose push service none is of would wait for nothing. */
async function findReachable(
  directory: SendDeps['directory'],
  projectId: string,
  live: boolean,
  channel: ProviderChannel,
  addresses: readonly string[],
): Promise<string[]> {
  const candidates = await directory.candidates(projectId, live, channel)
  const reachable = addresses.filter((address) => takersOf(candidates, address).length > 0)
  if (reachable.length === 0) throw noProvider(live, channel, candidates.length > 0)
  return reachable
}

function noProvider(live: boolean, channel: ProviderChannel, forOtherDevices: boolean): AppError {
  const kind = live ? 'live' : 'test'
  if (forOtherDevices) {
    return appError(
      reasons,
      'notify.no_provider',
      `The enabled provider accounts for ${kind} push notifications are of other push services than the device tokens. Add one of theirs with CreateProviderAccount.`,
    )
  }
  return appError(
    reasons,
    'notify.no_provider',
    `No enabled provider account carries ${kind} ${CHANNEL_WORDS[channel]} of this project. Add one with CreateProviderAccount.`,
  )
}

const CHANNEL_WORDS: Readonly<Record<ProviderChannel, string>> = {
  email: 'email',
  sms: 'text messages',
  whatsapp: 'WhatsApp messages',
  push: 'push notifications',
  chat: 'chat posts',
  webhook: 'webhooks',
}

/**
 * A repeated call gets its first answer even where the request would be refused by now (its template is gone, the
 * provider is switched off). Anything else fails as it did.
 */
async function repeatedAnswer(error: unknown, envelope: Envelope, db: Pick<Db, 'query'>): Promise<Accepted> {
  const { idempotency, dedupeKey } = envelope
  if (!(error instanceof AppError) || !REFUSALS.has(error.reason)) throw error
  if (idempotency === null && dedupeKey === null) throw error
  const [earlier] = await answerFromEarlier(db, [envelope])
  if (earlier === undefined) throw error
  if (earlier instanceof Error) throw earlier
  return earlier
}

const REFUSALS: ReadonlySet<string> = new Set([
  'notify.no_provider',
  'notify.recipient_not_found',
  'notify.recipient_unreachable',
  'notify.category_not_found',
  'notify.template_not_found',
  'notify.template_invalid',
])

function defaultTtlMs(settings: NotifySettings, messageClass: MessageClass): number {
  if (messageClass === MessageClass.OTP) return settings.otpTtlMs
  return messageClass === MessageClass.BULK ? settings.bulkTtlMs : settings.transactionalTtlMs
}

function defaultPolicy(settings: NotifySettings, messageClass: MessageClass): UnknownPolicy {
  const { otpUnknownPolicy, bulkUnknownPolicy, transactionalUnknownPolicy } = settings
  const policy =
    messageClass === MessageClass.OTP
      ? otpUnknownPolicy
      : messageClass === MessageClass.BULK
        ? bulkUnknownPolicy
        : transactionalUnknownPolicy
  return policy === 'at_least_once' ? UnknownPolicy.AT_LEAST_ONCE : UnknownPolicy.AT_MOST_ONCE
}
