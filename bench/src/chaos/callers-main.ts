/**
 * The applications: they send one notification to each recipient over HTTP, as many at once as there are callers, and write down
 * what was acknowledged. A call that fails is repeated, and one in a hundred is made twice at once, as by an application that
 * was unsure: `node callers-main.ts <CallersTask as JSON>`.
 */
import { Pool } from 'undici'
import { openJournal } from './journal.ts'
import { type Group, groupOf } from './plan.ts'

export interface CallersTask {
  url: string
  apiKeys: Record<string, string>
  recipients: number
  /** `<message id> <group>` for each. */
  journal: string
}

export interface CallersReport {
  acknowledged: number
  /** Calls made twice, or again, whose answer named another message. */
  acceptedTwice: number
  seconds: number
}

const CALLERS = 64
const CLASSES = ['MESSAGE_CLASS_OTP', 'MESSAGE_CLASS_TRANSACTIONAL', 'MESSAGE_CLASS_BULK']

const task = JSON.parse(process.argv[2] ?? '') as CallersTask
const pool = new Pool(task.url, { connections: 2 * CALLERS, pipelining: 1 })
const journal = openJournal(task.journal)
let next = 0
let acceptedTwice = 0

process.once('disconnect', () => process.exit(0))
process.send?.('ready')
process.once('message', async () => {
  const beganMs = performance.now()
  await Promise.all(Array.from({ length: CALLERS }, callUntilDone))
  await journal.close()
  const seconds = (performance.now() - beganMs) / 1000
  process.send?.({ acknowledged: task.recipients, acceptedTwice, seconds } satisfies CallersReport)
})

async function callUntilDone(): Promise<void> {
  while (next < task.recipients) {
    const number = next++
    const group = groupOf(number)
    const calls = number % 100 === 99 - (number % 7) ? 2 : 1
    const ids = await Promise.all(Array.from({ length: calls }, () => send(number, group)))
    if (ids.some((id) => id !== ids[0])) acceptedTwice++
    journal.note(ids[0] ?? '', group.name)
  }
}

/** Sends until it is acknowledged; returns the message's id. */
async function send(number: number, group: Group): Promise<string> {
  const headers = {
    authorization: `Bearer ${task.apiKeys[group.project]}`,
    'content-type': 'application/json',
  }
  const body = JSON.stringify(requestTo(number, group))
  for (;;) {
    const answer = await pool
      .request({ method: 'POST', path: '/v1/notifications', headers, body })
      .then(async ({ statusCode, body: text }) => ({ statusCode, text: await text.text() }))
      .catch((error: unknown) => ({ statusCode: 0, text: String(error) }))
    if (answer.statusCode === 202)
      return (JSON.parse(answer.text) as { messageIds: string[] }).messageIds[0] ?? ''
    if (answer.statusCode >= 400 && answer.statusCode < 429) throw new Error(answer.text)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function requestTo(number: number, { channel, policy, name }: Group): Record<string, unknown> {
  const text = `Your order ${number} is on its way`
  const what =
    channel === 'email'
      ? { to: { email: `person${number}@example.com` }, email: { subject: text, text } }
      : { to: { phone: `+4917${String(number).padStart(8, '0')}` }, sms: { text } }
  return {
    ...what,
    dedupeKey: `${name}-${number}`,
    messageClass: CLASSES[number % CLASSES.length],
    unknownPolicy: `UNKNOWN_POLICY_${policy}`,
  }
}
