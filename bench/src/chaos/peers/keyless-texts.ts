import { createHmac, randomBytes } from 'node:crypto'
import { FORGED, PUBLIC_URL, TWILIO_TOKEN } from '../plan.ts'
import type { Peer, Verdict } from './http-peer.ts'
import { IN_DOUBT, rollMischief, TAKEN } from './mischief.ts'
import type { Reporter, Told, Webhook } from './reporter.ts'

/** A text message service without idempotency keys, as Twilio's: each call that is taken sends a message. */
export function createKeylessTexts(reporter: Reporter): Peer {
  return {
    handles: ({ host }) => host === 'api.twilio.com',
    take(call): Verdict {
      const form = new URLSearchParams(call.body)
      const callback = new URL(form.get('StatusCallback') ?? '')
      const messageId = callback.searchParams.get('message') ?? ''
      const mischief = rollMischief(messageId)
      const taken = TAKEN.has(mischief)
      const id = `SM${randomBytes(16).toString('hex')}`
      if (taken) {
        const to = form.get('To') ?? ''
        const write = (told: Told) => signed(callback, fieldsOf(told, id, to), TWILIO_TOKEN)
        reporter.tell(messageId, write, IN_DOUBT.has(mischief), LIVES)
        if (Math.random() < FORGED) {
          reporter.forge(signed(callback, fieldsOf('bounced', id, to), randomBytes(16).toString('hex')))
        }
      }
      return { messageId, mischief, taken, status: 201, body: JSON.stringify({ sid: id }), refusal: 400 }
    },
  }
}

/** What happens to a text message. */
const LIVES = [
  ['sent', 'delivered'],
  ['sent', 'bounced'],
] as const

/** An unknown handset: https://www.twilio.com/docs/api/errors/30005 */
const UNKNOWN_HANDSET = '30005'

function fieldsOf(told: Told, id: string, to: string): Record<string, string> {
  return {
    MessageSid: id,
    MessageStatus: told === 'bounced' ? 'undelivered' : told,
    To: to,
    ...(told === 'bounced' ? { ErrorCode: UNKNOWN_HANDSET } : {}),
  }
}

/** https://www.twilio.com/docs/usage/webhooks/webhooks-security */
function signed(callback: URL, fields: Record<string, string>, token: string): Webhook {
  const path = callback.pathname + callback.search
  const text = Object.keys(fields)
    .sort()
    .map((name) => `${name}${fields[name]}`)
  const signature = createHmac('sha1', token)
    .update(`${PUBLIC_URL}${path}${text.join('')}`)
    .digest('base64')
  return {
    path,
    body: new URLSearchParams(fields).toString(),
    sign: () => ({
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': signature,
    }),
  }
}
