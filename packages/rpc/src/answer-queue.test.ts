import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { createConformanceService } from '../testing/conformance-service.ts'
import { startTestServer, type TestServer } from '../testing/harness.ts'
import { exchange, send } from '../testing/raw-calls.ts'

const ECHO = '/conformance/v1/everything'
const headers = { authorization: 'Bearer tester', 'content-type': 'application/json' }

describe('answers that are written together', () => {
  let server: TestServer

  before(async () => {
    server = await startTestServer([createConformanceService().implementation])
  })
  after(() => server.stop())

  /** One request as bytes; its own text comes back in its answer. */
  function bytes(number: number, close = false): string {
    const body = JSON.stringify({ text: `number ${number}` })
    const lines = Object.entries({ host: 'test', ...headers, 'content-length': body.length }).map(
      ([name, value]) => `${name}: ${value}`,
    )
    if (close) lines.push('connection: close')
    return `POST ${ECHO} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`
  }

  test('come whole and in the order of their requests, however many are read in one turn', async () => {
    const count = 300
    const requests = Array.from({ length: count }, (_, number) => bytes(number, number === count - 1))
    const answers = await exchange(server.url, requests.join(''))
    const told = [...answers.matchAll(/"text":"number (\d+)"/g)].map(([, number]) => Number(number))
    assert.deepEqual(told, Array.from(requests.keys()))
  })

  test('reach every other caller when some have gone away', async () => {
    const { hostname, port } = new URL(server.url)
    const calls = Array.from({ length: 200 }, async (_, number) => {
      if (number % 3 > 0)
        return send(server.url, ECHO, { headers, body: JSON.stringify({ text: `${number}` }) })
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined) // it leaves on purpose
      await new Promise((sent) => socket.write(bytes(number), sent))
      socket.resetAndDestroy()
      return undefined
    })
    for (const answer of await Promise.all(calls)) {
      if (answer !== undefined) assert.equal(answer.status, 200, answer.text)
    }
  })
})
