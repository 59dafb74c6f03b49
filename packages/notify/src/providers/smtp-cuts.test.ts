import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { aMessage, patient } from '../testing/outgoing.ts'
import { type Act, POINTS, type Point, startSmtpPeer } from '../testing/smtp-peer.ts'
import type { ProviderClient, ProviderResult } from './adapter.ts'
import { createSmtpAdapter } from './smtp.ts'

/**
 * Breaks the dialogue at every point in every way. The rule under test: until the final dot is written the outcome is
 * definite, from then on it is unknown until the server has answered.
 */
const EXPECTED: Readonly<Record<Point, ProviderResult['outcome']>> = {
  connect: 'rejected_transient',
  ehlo: 'rejected_transient',
  auth: 'rejected_transient',
  mail: 'rejected_transient',
  rcpt: 'rejected_transient',
  data: 'rejected_transient',
  body: 'unknown', // a small mail leaves in one piece with its final dot: whoever stops reading in the middle has it all
  dot: 'unknown',
  answered: 'accepted',
}

const clients: ProviderClient[] = []
after(() => Promise.all(clients.map((client) => client.close())))

function connect(port: number, timeoutMs = 5000): ProviderClient {
  const adapter = createSmtpAdapter({ connectTimeoutMs: timeoutMs, sendTimeoutMs: timeoutMs })
  const client = adapter.connect({
    host: '127.0.0.1',
    port,
    security: 'none',
    username: 'ada',
    password: 'secret',
    maxConnections: 1,
  })
  clients.push(client)
  return client
}

for (const pipelining of [false, true]) {
  describe(`with${pipelining ? '' : 'out'} PIPELINING`, { concurrency: 9 }, () => {
    for (const point of POINTS) {
      for (const how of ['close', 'reset', 'silence'] as const) {
        test(`${how} at ${point} is ${EXPECTED[point]}`, async () => {
          let broken = false
          const act = (at: Point): Act => {
            if (at !== point) return 'go'
            broken = true
            return how
          }
          const peer = await startSmtpPeer({ pipelining, act })
          try {
            const timeoutMs = how === 'silence' ? 2000 : 10_000
            const result = await connect(peer.port, timeoutMs).send(aMessage('email'), patient)
            assert.equal(result.outcome, EXPECTED[point], JSON.stringify(result))
            assert.equal(broken, true)
            if (point === 'dot' || point === 'answered') assert.equal(peer.mails.length, 1)
          } finally {
            await peer.close()
          }
        })
      }
    }
  })
}

for (const how of ['close', 'reset', 'silence'] as const) {
  test(`${how} in the middle of a large body is definite: the final dot was never written`, async () => {
    const peer = await startSmtpPeer({ act: (at) => (at === 'body' ? how : 'go'), bodyBytes: 100_000 })
    try {
      const text = 'more than any socket buffer holds '.repeat(400_000)
      const result = await connect(peer.port, how === 'silence' ? 400 : 5000).send(
        aMessage('email', { text, html: '' }),
        patient,
      )
      assert.equal(result.outcome, 'rejected_transient', JSON.stringify(result))
      assert.equal(peer.mails.length, 0)
    } finally {
      await peer.close()
    }
  })
}

test('giving up before the final dot is definite, after it unknown', async () => {
  for (const [point, outcome] of [
    ['rcpt', 'rejected_transient'],
    ['dot', 'unknown'],
  ] as const) {
    const controller = new AbortController()
    const peer = await startSmtpPeer({
      act: (at) => {
        if (at !== point) return 'go'
        setImmediate(() => controller.abort())
        return 'silence'
      },
    })
    const result = await connect(peer.port).send(aMessage('email'), controller.signal)
    assert.equal(result.outcome, outcome)
    await peer.close()
  }
})

test('half an answer to the final dot is unknown, unless it already refuses', async () => {
  for (const [reply, outcome] of [
    ['25', 'unknown'],
    ['250 Ok', 'unknown'],
    ['354 What else?', 'unknown'],
    ['garbage', 'unknown'],
    ['451 4.3.0 Try', 'rejected_transient'],
  ] as const) {
    const peer = await startSmtpPeer({ act: (at) => (at === 'dot' ? { fragment: reply } : 'go') })
    const result = await connect(peer.port).send(aMessage('email'), patient)
    assert.equal(result.outcome, outcome, `${reply}: ${JSON.stringify(result)}`)
    await peer.close()
  }
})
