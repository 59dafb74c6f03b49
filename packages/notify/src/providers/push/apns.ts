import { fromTypeId } from '@mainstay/kernel'
import type { OutgoingPush } from '../outgoing.ts'
import { defineService, notAnAddress, unsendable } from '../service.ts'
import { judgeApns } from './apns-outcome.ts'
import { providerToken } from './apns-token.ts'
import { createHttp2Sender } from './http2-sender.ts'
import { appDataOf, apsOf, isUrgent, ttlSeconds } from './push-fields.ts'
import { isApnsToken } from './token-forms.ts'

/** https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification */
const MAX_PAYLOAD_BYTES = 4096
/** Apple keeps no notification for longer. */
const MAX_TTL_SECONDS = 30 * 86_400

/**
 * Apple Push Notification service, over HTTP/2 with token-based authentication.
 *
 * `apns-id` is made of the message's id and the same at every attempt. Apple documents it as a name for the notification in
 * answers, and nowhere promises to drop a second one with the same; so it is no idempotency key, and an answer that was lost
 * stays unknown. What two pushes with the same collapse key show is documented: one notification.
 */
export const apns = defineService({
  kind: 'apns',
  title: 'Apple Push Notification service',
  channel: 'push',
  documentation:
    'https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'free',
    messagesPerSecond: 0,
  },
  fields: {
    teamId: {
      label: 'Team ID',
      help: 'Membership details in your Apple developer account: 10 characters.',
      secret: false,
      required: true,
      pattern: /^[A-Z0-9]{10}$/,
    },
    keyId: {
      label: 'Key ID',
      help: 'Certificates, Identifiers & Profiles → Keys: 10 characters.',
      secret: false,
      required: true,
      pattern: /^[A-Z0-9]{10}$/,
    },
    privateKey: {
      label: 'Private key',
      help: 'The text of the .p8 file that Apple let you download once, with its first and last line.',
      secret: true,
      required: true,
      pattern: /^\s*-----BEGIN PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END PRIVATE KEY-----\s*$/,
    },
    environment: {
      label: 'Environment',
      help: 'Apps that run from Xcode register with the sandbox; those of TestFlight and the App Store with production.',
      secret: false,
      required: false,
      choices: ['production', 'sandbox'],
    },
  },
  senderHelp: 'The app’s bundle id: com.acme.app',
  isSender: (sender) => /^[A-Za-z0-9][A-Za-z0-9.-]{1,154}$/.test(sender),
  takes: isApnsToken,
  createSender: createHttp2Sender,
  async request(push, config, { nowMs }) {
    if (!isApnsToken(push.to)) return notAnAddress('The device token is not hexadecimal.')
    if ('aps' in push.data) return unsendable('The data name "aps" is Apple’s own.')
    const body = toPayload(push)
    if (Buffer.byteLength(body) > MAX_PAYLOAD_BYTES) {
      return unsendable(`The push takes more than ${MAX_PAYLOAD_BYTES} bytes.`)
    }
    return {
      method: 'POST',
      url: `https://${config.environment === 'sandbox' ? 'api.sandbox' : 'api'}.push.apple.com/3/device/${push.to}`,
      headers: {
        authorization: `bearer ${await providerToken(config, nowMs())}`,
        'content-type': 'application/json',
        ...toHeaders(push, nowMs()),
      },
      body,
    }
  },
  readId: ({ headers }) => headers['apns-id'],
  judge: judgeApns,
})

function toHeaders(push: OutgoingPush, nowMs: number): Record<string, string> {
  const ttl = ttlSeconds(push, MAX_TTL_SECONDS)
  const id = fromTypeId('msg', push.messageId)
  return {
    'apns-topic': push.from,
    'apns-push-type': 'alert',
    'apns-priority': isUrgent(push) ? '10' : '5',
    'apns-expiration': String(ttl === 0 ? 0 : Math.floor(nowMs / 1000) + ttl),
    ...(id === undefined ? {} : { 'apns-id': id }),
    ...(push.collapseKey === '' ? {} : { 'apns-collapse-id': push.collapseKey }),
  }
}

function toPayload(push: OutgoingPush): string {
  const { title, body, imageUrl } = push
  return JSON.stringify({
    ...appDataOf(push),
    ...(imageUrl === '' ? {} : { mainstay_image_url: imageUrl }),
    aps: { alert: { title, body }, ...apsOf(push) },
  })
}
