import { readEndpointUrl } from '../endpoint-url.ts'
import type { OutgoingPush } from '../outgoing.ts'
import { isSenderName } from '../sender-name.ts'
import { defineService, notAnAddress, unsendable } from '../service.ts'
import { appDataOf, isUrgent, topicOf, ttlSeconds } from './push-fields.ts'
import { isSubscription } from './token-forms.ts'
import { readSubscription } from './web-push-subscription.ts'

/** RFC 8030 §7.2: push services take 4,096 bytes, and need not take more. */
const MAX_BODY_BYTES = 4096
/** What every push service takes: four weeks. */
const MAX_TTL_SECONDS = 2_419_200

/**
 * Web Push (RFC 8030), encrypted for the browser (RFC 8291) and signed by VAPID (RFC 8292). Each message's address is the
 * subscription as the browser gave it, and the push service that it names may be anywhere on the internet.
 *
 * 404 and 410 are subscriptions that have ended. 401 and 403 are a VAPID key that is not the subscription's: of the account's
 * key or of an old subscription, which nobody can tell; it is tried again, and the account is not blamed for what a browser
 * registered. 406 is how Windows' service says that there are too many.
 */
export const webPush = defineService({
  kind: 'web_push',
  title: 'Web Push',
  channel: 'push',
  documentation: 'https://www.rfc-editor.org/rfc/rfc8030',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'free',
    messagesPerSecond: 0,
  },
  fields: {
    subject: {
      label: 'Contact',
      help: 'Whom a push service may write to about your pushes: mailto:ops@acme.example or an https:// address.',
      secret: false,
      required: true,
      pattern: /^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/,
    },
    publicKey: {
      label: 'VAPID public key',
      help: 'The applicationServerKey that your pages subscribe with: 65 bytes in base64url. `npx web-push generate-vapid-keys` makes a pair.',
      secret: false,
      required: true,
      pattern: /^B[A-Za-z0-9_-]{86}$/,
    },
    privateKey: {
      label: 'VAPID private key',
      help: 'The other half of the pair: 32 bytes in base64url.',
      secret: true,
      required: true,
      pattern: /^[A-Za-z0-9_-]{43}$/,
    },
  },
  senderHelp: 'A name for the site: Acme',
  isSender: isSenderName,
  takes: isSubscription,
  endpointIsAddress: true,
  async request(push, config, { allowPrivate }) {
    const subscription = readSubscription(push.to)
    if (subscription === undefined) return notAnAddress('The address is not a push subscription.')
    const url = readEndpointUrl(subscription.endpoint, allowPrivate)
    if ('refused' in url) return unsendable(url.refused)
    const { default: webPushLibrary } = await import('web-push')
    const { headers, body } = webPushLibrary.generateRequestDetails(
      { ...subscription, endpoint: url.href },
      toPayload(push),
      {
        vapidDetails: config,
        TTL: ttlSeconds(push, MAX_TTL_SECONDS),
        urgency: isUrgent(push) ? 'high' : 'normal',
        contentEncoding: 'aes128gcm',
        ...(push.collapseKey === '' ? {} : { topic: topicOf(push) }),
      },
    )
    if (body === null || body.length > MAX_BODY_BYTES) {
      return unsendable(`The push takes more than ${MAX_BODY_BYTES} bytes encrypted.`)
    }
    const texts = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])
    return { method: 'POST', url: url.href, headers: Object.fromEntries(texts), body }
  },
  readId: ({ headers }) => headers.location,
  judge({ status }, reply) {
    if (status === 404 || status === 410) {
      return { outcome: 'rejected_permanent', reply, addressFault: true }
    }
    return status === 406 ? { outcome: 'rejected_transient', reply } : undefined
  },
})

/** What a service worker hands to `showNotification(title, rest)`. */
function toPayload(push: OutgoingPush): string {
  const { title, body, imageUrl, collapseKey } = push
  return JSON.stringify({
    title,
    body,
    ...(imageUrl === '' ? {} : { image: imageUrl }),
    ...(collapseKey === '' ? {} : { tag: collapseKey }),
    data: appDataOf(push),
  })
}
