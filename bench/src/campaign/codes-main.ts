/**
 * Sends one-time codes at a steady rate while a campaign runs, in a process of its own: `node codes-main.ts <url> <apiKey> <a second>`.
 * Asked anything, it stops and says when each was sent and when it was accepted, in milliseconds since 1970, by its number.
 */
const [url = '', apiKey = '', perSecond = ''] = process.argv.slice(2)

export interface SentCode {
  sentMs: number
  acceptedMs: number
}

const sent: Record<string, SentCode> = {}
const underWay = new Set<Promise<void>>()
let number = 0

async function send(code: number): Promise<void> {
  const sentMs = Date.now()
  const answer = await fetch(`${url}/v1/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({
      to: { email: `someone${code}@example.com` },
      email: { subject: `code-${code} is yours`, text: 'It is good for five minutes.' },
      messageClass: 'MESSAGE_CLASS_OTP',
    }),
  })
  await answer.text()
  if (answer.status !== 202) throw new Error(`A code was answered ${answer.status}`)
  sent[code] = { sentMs, acceptedMs: Date.now() }
}

const timer = setInterval(() => {
  const sending = send(++number).finally(() => underWay.delete(sending))
  underWay.add(sending)
}, 1000 / Number(perSecond))
process.on('message', async () => {
  clearInterval(timer)
  await Promise.all(underWay)
  process.send?.(sent)
})
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
