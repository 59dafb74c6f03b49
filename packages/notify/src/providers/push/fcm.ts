import { jsonObject, textOf } from '../http-outcome.ts'
import type { HttpRequest } from '../http-sender.ts'
import type { OutgoingPush } from '../outgoing.ts'
import { isSenderName } from '../sender-name.ts'
import { defineService, notAnAddress, type ServiceContext, type Unsendable, unsendable } from '../service.ts'
import { judgeFcm } from './fcm-outcome.ts'
import { googleAccessToken, readServiceAccount } from './google-access-token.ts'
import { appDataOf, apsOf, isUrgent, topicOf, ttlSeconds } from './push-fields.ts'
import { isFcmToken } from './token-forms.ts'

/** https://firebase.google.com/docs/cloud-messaging/customize-messages/setting-message-lifespan: four weeks. */
const MAX_TTL_SECONDS = 2_419_200
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'

/**
 * Firebase Cloud Messaging's HTTP v1 API. It takes no idempotency key and cannot be asked for a message, so an answer that
 * was lost stays unknown; a collapse key makes a repeated push replace the first where the device has not shown it yet.
 */
export const fcm = defineService({
  kind: 'fcm',
  title: 'Firebase Cloud Messaging',
  channel: 'push',
  documentation: 'https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'free',
    // The default quota of a project: 600,000 a minute.
    messagesPerSecond: 10_000,
  },
  fields: {
    serviceAccount: {
      label: 'Service account',
      help: 'Project settings → Service accounts → Generate new private key in the Firebase console: the whole JSON file.',
      secret: true,
      required: true,
      pattern: /^\s*\{[\s\S]*"private_key"[\s\S]*\}\s*$/,
      maxLength: 8192,
    },
  },
  senderHelp: 'A name for the app: Acme',
  isSender: isSenderName,
  takes: isFcmToken,
  request(push, config, context) {
    if (push.to === '' || /\s/.test(push.to)) return notAnAddress('The device token is empty or has spaces.')
    const reserved = Object.keys(push.data).find((name) => RESERVED.test(name))
    if (reserved !== undefined)
      return unsendable(`FCM keeps the data name ${JSON.stringify(reserved)} for itself.`)
    return toRequest({ message: toMessage(push, context.nowMs()) }, config, context)
  },
  readId: (answer) => textOf(jsonObject(answer)?.name),
  judge: judgeFcm,
  async verify(config, context) {
    const request = await toRequest({ validate_only: true, message: { topic: 'mainstay' } }, config, context)
    if ('result' in request) throw new Error(request.result.reply)
    return request
  },
})

const RESERVED = /^(from$|message_type$|google|gcm)/

async function toRequest(
  body: object,
  config: { serviceAccount: string },
  context: ServiceContext,
): Promise<HttpRequest | Unsendable> {
  const account = readServiceAccount(config.serviceAccount)
  const token = await googleAccessToken(account, SCOPE, context, config)
  if (typeof token !== 'string') return token
  return {
    method: 'POST',
    url: `https://fcm.googleapis.com/v1/projects/${account.projectId}/messages:send`,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
}

function toMessage(push: OutgoingPush, nowMs: number): object {
  const { to, title, body, imageUrl, actionUrl, collapseKey } = push
  const ttl = ttlSeconds(push, MAX_TTL_SECONDS)
  const isCollapsible = collapseKey !== ''
  const aps = apsOf(push)
  return {
    token: to,
    notification: { title, body, ...(imageUrl === '' ? {} : { image: imageUrl }) },
    data: appDataOf(push),
    android: {
      ttl: `${ttl}s`,
      priority: isUrgent(push) ? 'HIGH' : 'NORMAL',
      ...(isCollapsible ? { collapse_key: collapseKey } : {}),
    },
    apns: {
      headers: {
        'apns-priority': isUrgent(push) ? '10' : '5',
        'apns-expiration': String(ttl === 0 ? 0 : Math.floor(nowMs / 1000) + ttl),
        ...(isCollapsible ? { 'apns-collapse-id': collapseKey } : {}),
      },
      ...(Object.keys(aps).length === 0 ? {} : { payload: { aps } }),
    },
    webpush: {
      headers: {
        TTL: String(ttl),
        Urgency: isUrgent(push) ? 'high' : 'normal',
        ...(isCollapsible ? { Topic: topicOf(push) } : {}),
      },
      // FCM refuses links that are not https.
      ...(actionUrl.startsWith('https://') ? { fcm_options: { link: actionUrl } } : {}),
    },
  }
}
