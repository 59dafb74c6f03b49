import { createHmac, hash, randomBytes, randomUUID } from 'node:crypto'
import { FORGED, RESEND_SECRET } from '../plan.ts'
import type { Peer, Verdict } from './http-peer.ts'
import { IN_DOUBT, rollMischief, TAKEN } from './mischief.ts'
import type { Reporter, Told, Webhook } from './reporter.ts'

/**
 * A mail service with idempotency keys, as Resend documents them: a key that was used gets the first answer again and has no
 * second effect; while the first call is under way, 409; with another body, a refusal.
 */
export function createKeyedMail(reportUrl: string, reporter: Reporter): Peer {
  const known = new Map<string, { id: string; body: string; answered: boolean }>()
  const path = new URL(reportUrl).pathname
  return {
    handles: ({ host }) => host === 'api.resend.com',
    take(call) {
      const messageId = String(call.headers['idempotency-key'])
      const { to, tags } = JSON.parse(call.body) as { to: string[]; tags: { value: string }[] }
      if (tags[0]?.value !== messageId) throw new Error(`${messageId} came under another name`)
      const body = hash('sha1', call.body)
      const first = known.get(messageId)
      const mischief = rollMischief(messageId)
      if (first !== undefined) return repeat(messageId, first, body, mischief)
      const id = randomUUID()
      const verdict: Verdict = { messageId, mischief, taken: TAKEN.has(mischief), ...answersOf(id) }
      if (!verdict.taken) return verdict
      const entry = { id, body, answered: mischief !== 'slow' }
      known.set(messageId, entry)
      const write = (told: Told) =>
        signed(path, bodyOf(told, messageId, entry.id, to[0] ?? ''), RESEND_SECRET)
      reporter.tell(messageId, write, IN_DOUBT.has(mischief), LIVES)
      if (Math.random() < FORGED) {
        const body = bodyOf('complained', messageId, entry.id, to[0] ?? '')
        reporter.forge(signed(path, body, `whsec_${randomBytes(24).toString('base64')}`))
      }
      return {
        ...verdict,
        onAnswered() {
          entry.answered = true
        },
      }
    },
  }
}

/** The key was used: whatever is done to this call, it has no effect. */
function repeat(
  messageId: string,
  first: { id: string; body: string; answered: boolean },
  body: string,
  mischief: Verdict['mischief'],
): Verdict {
  if (first.body !== body) throw new Error(`${messageId} was repeated with another body`)
  const verdict = { messageId, mischief, taken: false, ...answersOf(first.id) }
  return first.answered
    ? verdict
    : { ...verdict, mischief: 'none', status: 409, body: '{"name":"concurrent_idempotent_requests"}' }
}

function answersOf(id: string) {
  return { status: 200, body: JSON.stringify({ id }), refusal: 422 }
}

/** What happens to a mail. */
const LIVES = [
  ['sent', 'delivered'],
  ['sent', 'bounced'],
  ['sent', 'delivered', 'complained'],
] as const

function bodyOf(told: Told, messageId: string, id: string, to: string): string {
  return JSON.stringify({
    type: `email.${told}`,
    created_at: new Date().toISOString(),
    data: {
      email_id: id,
      to: [to],
      tags: { mainstay_message: messageId },
      ...(told === 'bounced' ? { bounce: { type: 'Permanent', message: 'no such mailbox' } } : {}),
    },
  })
}

/** As Svix signs: https://docs.svix.com/receiving/verifying-payloads/how-manual */
function signed(path: string, body: string, secret: string): Webhook {
  const id = `msg_${randomUUID()}`
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  return {
    path,
    body,
    sign() {
      const timestamp = String(Math.floor(Date.now() / 1000))
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
      return {
        'content-type': 'application/json',
        'svix-id': id,
        'svix-timestamp': timestamp,
        'svix-signature': `v1,${signature}`,
      }
    },
  }
}
