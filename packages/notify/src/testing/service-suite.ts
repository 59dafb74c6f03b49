import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { ProviderClient, ProviderResult } from '../providers/adapter.ts'
import type { OutgoingOf, ProviderChannel } from '../providers/outgoing.ts'
import {
  type ConfigOf,
  createServiceAdapter,
  type Service,
  type ServiceAdapterOptions,
  type ServiceFields,
  semanticsOf,
} from '../providers/service.ts'
import { aMessage, patient } from './outgoing.ts'
import {
  type PeerAct,
  type PeerAnswer,
  type PeerCall,
  type ServicePeer,
  startServicePeer,
} from './service-peer.ts'

/** An answer that the provider documents, and what it means. */
export interface DocumentedAnswer extends PeerAnswer {
  name: string
  means: Partial<ProviderResult> & Pick<ProviderResult, 'outcome'>
}

export interface ServiceCase<F extends ServiceFields, C extends ProviderChannel> {
  service: Service<F, C>
  config: ConfigOf<F>
  /** Changes to the example message of the channel. */
  message?: Partial<OutgoingOf<C>>
  /** Answers calls that come before the one that sends, such as for an access token; undefined: this is the one. */
  before?: (call: PeerCall) => PeerAnswer | undefined
  /** The peer that speaks the provider's protocol. Default: HTTP/1.1. */
  startPeer?: () => Promise<ServicePeer>
  /** Checks that the request is as the provider documents it. */
  checkRequest(call: PeerCall, message: OutgoingOf<C>): void
  success: PeerAnswer & { providerMessageId?: string }
  /** At least: wrong credentials, a refused address, too many requests, an error of theirs. */
  answers: readonly DocumentedAnswer[]
}

/**
 * The conformance suite of providers with an HTTP API, against a local peer that speaks the documented wire format: what is
 * sent, what every documented answer means, and what a network that breaks at any point is taken for.
 */
export function describeService<F extends ServiceFields, C extends ProviderChannel>(
  one: ServiceCase<F, C>,
): void {
  const { service, config, startPeer = startServicePeer } = one
  describe(service.title, () => {
    let peer: ServicePeer
    const clients: ProviderClient<OutgoingOf<C>>[] = []
    before(async () => {
      peer = await startPeer()
    })
    after(async () => {
      await peer.close()
      await Promise.all(clients.map((client) => client.close()))
    })

    /** Sends the example message to a peer that acts so. */
    async function send(
      act: PeerAct,
      options: Partial<ServiceAdapterOptions> = {},
      change: Partial<OutgoingOf<C>> = {},
    ) {
      peer.calls.length = 0
      peer.act = (call, socket) => one.before?.(call) ?? act(call, socket)
      const client = connect(options)
      const message = aMessage(service.channel, { ...one.message, ...change })
      const result = await client.send(message, patient)
      return { result, message, call: peer.calls.at(-1) as PeerCall }
    }

    function connect(options: Partial<ServiceAdapterOptions> = {}): ProviderClient<OutgoingOf<C>> {
      const adapter = createServiceAdapter(service, {
        connectTimeoutMs: 2000,
        sendTimeoutMs: 2000,
        allowPrivate: true,
        connections: 4,
        nowMs: () => Date.now(),
        resolveUrl: (url) => peer.origin + new URL(url).pathname + new URL(url).search,
        ...options,
      })
      const client = adapter.connect(config)
      clients.push(client)
      return client
    }

    if (service.channel === 'email') {
      test('hands on the headers by which mail programs unsubscribe', async () => {
        const headers = {
          'List-Unsubscribe': '<https://m.example/u/abc_-123>',
          'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        }
        const change: Partial<OutgoingOf<ProviderChannel>> = { headers }
        const { call } = await send(() => one.success, {}, change as Partial<OutgoingOf<C>>)
        const sent = call.headers['content-type']?.startsWith('application/json')
          ? call.body
          : decodeURIComponent(call.body)
        for (const [name, value] of Object.entries(headers)) {
          assert.ok(sent.includes(name) && sent.includes(value), `${name} in ${sent}`)
        }
      })
    }

    test('sends what the provider documents, and knows its id of the message', async () => {
      const { result, message, call } = await send(() => one.success)
      assert.equal(result.outcome, 'accepted', result.reply)
      assert.equal(
        'providerMessageId' in result ? result.providerMessageId : undefined,
        one.success.providerMessageId,
      )
      one.checkRequest(call, message)
    })

    test('reads every documented answer for what it means, and never shows a secret', async () => {
      for (const { name, means, ...answer } of one.answers) {
        const { result } = await send(() => answer)
        assert.partialDeepStrictEqual(result, means, `${name}: ${JSON.stringify(result)}`)
        assert.equal('accountFault' in result, 'accountFault' in means, `${name}: ${JSON.stringify(result)}`)
        assertNoSecret(result)
      }
      const outcomes = new Set(one.answers.map(({ means }) => means.outcome))
      assert.deepEqual(
        [...outcomes].sort(),
        ['rejected_permanent', 'rejected_transient', 'unknown'],
        'the case names an answer of each kind',
      )
    })

    test('an answer lost after the request was sent is unknown', async () => {
      const breaks: ((socket: Socket) => unknown)[] = [
        (socket) => socket.destroy(),
        (socket) => socket.resetAndDestroy(),
        (socket) => socket.end('HTTP/1.1 20'),
      ]
      for (const breakUp of breaks) {
        const { result } = await send((_, socket) => {
          breakUp(socket)
          return 'silent'
        })
        assert.equal(result.outcome, 'unknown')
      }
      const silent = await send(() => 'silent', { sendTimeoutMs: 150 })
      assert.equal(silent.result.outcome, 'unknown')
    })

    test('a success with a body that nobody documents is still a success', async () => {
      for (const body of ['', 'OK', '{"', '[]', 'null']) {
        const { status, headers } = one.success
        const { result } = await send(() => ({ status, ...(headers && { headers }), body }))
        assert.notEqual(result.outcome, 'rejected_permanent', body)
        assert.notEqual(result.outcome, 'rejected_transient', body)
      }
    })

    test('a refused connection is definite, and the account’s fault when the address is the account’s', async () => {
      const gone = await startPeer()
      await gone.close()
      const { result } = await send(() => one.success, { resolveUrl: () => `${gone.origin}/` })
      assert.equal(result.outcome, 'rejected_transient')
      assert.equal('accountFault' in result, service.endpointIsAddress !== true)
    })

    test('its declared fields take the example, and its sender is one', () => {
      for (const [name, field] of Object.entries(service.fields)) {
        const value = config[name] ?? ''
        if (field.required) assert.notEqual(value, '', name)
        if (value !== '' && field.pattern) assert.match(value, field.pattern, name)
        if (value !== '' && field.choices) assert.ok(field.choices.includes(value), name)
      }
      assert.equal(service.isSender(aMessage(service.channel, one.message).from), true)
      assert.equal(service.isSender('\r\nBcc: everyone@example.com'), false)
      assert.match(service.documentation, /^https:\/\//)
      assert.equal(semanticsOf(service).lookup, connect().lookup !== undefined)
    })

    test('reports are refused without what proves them, and the fields say what that is', async () => {
      if (service.reports === undefined) return
      const proofs = Object.entries(service.fields).filter(([, { forReports }]) => forReports === true)
      const needed = Object.values(service.fields).filter(({ secret, required }) => secret && required)
      assert.ok(proofs.length > 0 || needed.length > 0)
      const blank = Object.fromEntries(proofs.map(([name]) => [name, '']))
      const request = {
        method: 'POST',
        url: 'https://acme.example/reports/1',
        headers: {},
        body: Buffer.from('{}'),
        receivedMs: Date.now(),
      }
      assert.ok('forged' in (await service.reports.read(request, { ...config, ...blank })))
    })

    function assertNoSecret(result: ProviderResult): void {
      for (const [name, field] of Object.entries(service.fields)) {
        const value = config[name] ?? ''
        if (field.secret && value.length >= 8) assert.equal(result.reply.includes(value), false, name)
      }
    }
  })
}
