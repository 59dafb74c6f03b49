import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { temporaryHome, waitFor } from '@mainstay/kernel/testing'
import { readBanner, type ServerProcess, spawnServer } from './process.ts'

const home = temporaryHome()
let server: ServerProcess
let url = ''
let key = ''

before(async () => {
  server = spawnServer(home, { NOTIFY_HTTP_ALLOW_PRIVATE: 'true' })
  await server.ready()
  const banner = readBanner(server.output())
  url = banner.apiUrl
  key = banner.apiKey
})
after(async () => {
  await server.stop()
  rmSync(home, { recursive: true, force: true })
})

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function delivered(messageId: string): Promise<Record<string, unknown>> {
  let message: Record<string, unknown> = {}
  await waitFor(async () => {
    message = (await call('GET', `/v1/messages/${messageId}`)).body
    return message.state === 'MESSAGE_STATE_DELIVERED'
  })
  return message
}

/** One request for each channel. */
const examples = {
  CHANNEL_SMS: { to: { phone: '+491701234567' }, sms: { text: 'Your code is 123456' } },
  CHANNEL_WHATSAPP: { to: { phone: '+491701234567' }, whatsapp: { text: 'On its way' } },
  CHANNEL_PUSH: { to: { deviceToken: 'token-1' }, push: { title: 'Acme', body: 'On its way' } },
  CHANNEL_CHAT: { to: { chat: 'C01234567' }, chat: { text: 'Order *1234* has shipped' } },
  CHANNEL_WEBHOOK: {
    to: { url: 'https://customer.example/hooks' },
    webhook: { type: 'order.shipped', data: { orderId: '1234' } },
  },
}

describe('every channel', () => {
  test('is taken, delivered to the sandbox, and shown on its message', async () => {
    for (const [channel, request] of Object.entries(examples)) {
      const sent = await call('POST', '/v1/notifications', request)
      assert.equal(sent.status, 202, `${channel}: ${JSON.stringify(sent.body)}`)
      const message = await delivered((sent.body.messageIds as string[])[0] as string)
      assert.equal(message.channel, channel)
    }
  })

  test('takes an address as long as there may be', async () => {
    // Random, so that nothing that stores it can make it shorter.
    const deviceToken = randomBytes(1500).toString('base64').slice(0, 2000)
    const { to: _, ...content } = examples.CHANNEL_PUSH
    const sent = await call('POST', '/v1/notifications', { ...content, to: { deviceToken } })
    assert.equal(sent.status, 202, JSON.stringify(sent.body))
    const message = await delivered((sent.body.messageIds as string[])[0] as string)
    assert.equal(message.to, deviceToken)
    const longer = { ...content, to: { deviceToken: `${deviceToken}x` } }
    assert.equal((await call('POST', '/v1/notifications', longer)).status, 400)
  })

  test('wants a target and a channel that fit its content', async () => {
    for (const [request, field] of [
      [{ ...examples.CHANNEL_SMS, to: { email: 'ada@example.com' } }, 'to'],
      [{ ...examples.CHANNEL_SMS, to: { phone: '0170 1234567' } }, 'to.phone'],
      [{ ...examples.CHANNEL_PUSH, channel: 'CHANNEL_SMS' }, 'channel'],
      [{ ...examples.CHANNEL_WEBHOOK, to: { url: 'no url' } }, 'to.url'],
    ] as const) {
      const { status, body } = await call('POST', '/v1/notifications', request)
      assert.equal(status, 400, JSON.stringify(body))
      const { error } = body as unknown as { error: { details: { field: string }[] } }
      assert.equal(error.details[0]?.field, field, JSON.stringify(body))
    }
  })

  test('reaches a recipient by the phone number that is stored', async () => {
    const stored = await call('PUT', '/v1/recipients/ada', { phone: '+491701234567' })
    assert.equal(stored.status, 200, JSON.stringify(stored.body))
    const { to: _, ...content } = examples.CHANNEL_SMS
    const sent = await call('POST', '/v1/notifications', { ...content, to: { recipientId: 'ada' } })
    assert.equal(sent.status, 202, JSON.stringify(sent.body))
    const message = await delivered((sent.body.messageIds as string[])[0] as string)
    assert.equal(message.to, '+491701234567')
  })
})

describe('an account at a service', () => {
  test('is set up from the fields that its kind declares, and never shows its secrets', async () => {
    const { providerKinds } = (await call('GET', '/v1/provider-kinds')).body as unknown as {
      providerKinds: { kind: string; fields: { name: string; secret?: boolean }[] }[]
    }
    const twilio = providerKinds.find(({ kind }) => kind === 'twilio_sms')
    assert.ok(twilio?.fields.some(({ secret }) => secret === true))
    const wrong = await call('POST', '/v1/provider-accounts', {
      displayName: 'Hooks',
      sender: 'Acme',
      enabled: true,
      test: true,
      priority: 1,
      service: { kind: 'standard_webhook', settings: { colour: 'red' }, secrets: {} },
    })
    assert.equal(wrong.status, 400)
    const { error } = wrong.body as unknown as { error: { reason: string; details: { field: string }[] } }
    assert.equal(error.reason, 'notify.provider_config_invalid')
    assert.ok(error.details.some(({ field }) => field === 'providerAccount.service.settings.colour'))
  })

  test('sends a webhook that its receiver can verify', async () => {
    const received: { signature: string; body: string }[] = []
    const endpoint = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      received.push({ signature: String(request.headers['webhook-signature']), body })
      response.end()
    })
    await new Promise<void>((listening) => endpoint.listen(0, '127.0.0.1', listening))
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    const made = await call('POST', '/v1/provider-accounts', {
      displayName: 'Hooks',
      sender: 'Acme',
      enabled: true,
      test: true,
      priority: 1,
      service: { kind: 'standard_webhook', secrets: { secret } },
    })
    assert.equal(made.status, 200, JSON.stringify(made.body))
    assert.equal(JSON.stringify(made.body).includes(secret), false)
    const { port } = endpoint.address() as AddressInfo
    const sent = await call('POST', '/v1/notifications', {
      ...examples.CHANNEL_WEBHOOK,
      to: { url: `http://127.0.0.1:${port}/hooks` },
    })
    assert.equal(sent.status, 202, JSON.stringify(sent.body))
    await waitFor(() => received.length === 1)
    assert.match(received[0]?.signature ?? '', /^v1,/)
    assert.partialDeepStrictEqual(JSON.parse(received[0]?.body ?? ''), {
      type: 'order.shipped',
      data: { orderId: '1234' },
    })
    endpoint.close()
    endpoint.closeAllConnections()
  })
})
