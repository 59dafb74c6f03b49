import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createConformanceService } from '../../testing/conformance-service.ts'
import { startTestServer, type TestServer } from '../../testing/harness.ts'
import { send } from '../../testing/raw-calls.ts'
import type { ErrorBody } from './error-body.ts'

let server: TestServer
const service = createConformanceService()

before(async () => {
  server = await startTestServer([service.implementation])
})
after(() => server.stop())

async function get(path: string, headers: Record<string, string> = {}): Promise<unknown> {
  return JSON.parse((await send(server.url, path, { verb: 'GET', headers })).text)
}

/** The wrong fields that a request is refused for, as `path reason`. */
async function wrong(verb: string, path: string, body?: unknown): Promise<string[]> {
  const answer = await send(server.url, path, {
    verb,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  assert.equal(answer.status, 400, answer.text)
  const { error } = JSON.parse(answer.text) as ErrorBody
  return error.details.map(({ field, reason }) => `${field} ${reason}`)
}

describe('the query of a request', () => {
  test('holds every kind of field that has a text form, in either spelling', async () => {
    const query = [
      'text=a+b%20c%2B',
      'flag=true',
      'raw=_-8',
      'ratio=1.5',
      'weight=NaN',
      'small=-1',
      'size=2',
      'big=9007199254740993',
      'colour=COLOUR_RED',
      'maybe_text=',
      'maybeSmall=0',
      'words=x',
      'words=',
      'smalls=1',
      'smalls=2',
      'colours=1',
      'colours=COLOUR_GREEN',
      'time=2026-05-03T10:15:00Z',
      'duration=1.5s',
      'mask=oddName,child.text',
      'wrapped_flag=false',
      'wrappedText=',
      'wrappedBig=7',
      'times=2026-05-03T10:15:00Z',
      'wrappedTexts=a',
      'child.text=in',
      'child.child.flag=true',
      'choice_text=one',
      'veryOdd=yes',
      'flags=true',
      'flags=false',
    ]
    assert.deepEqual(await get(`/conformance/v1/everything?${query.join('&')}`), {
      text: 'a b c+',
      flag: true,
      raw: '/+8=',
      ratio: 1.5,
      weight: 'NaN',
      small: -1,
      size: 2,
      big: '9007199254740993',
      colour: 'COLOUR_RED',
      maybeText: '',
      maybeSmall: 0,
      words: ['x', ''],
      smalls: [1, 2],
      colours: ['COLOUR_RED', 'COLOUR_GREEN'],
      time: '2026-05-03T10:15:00Z',
      duration: '1.500s',
      mask: 'oddName,child.text',
      wrappedFlag: false,
      wrappedText: '',
      wrappedBig: '7',
      times: ['2026-05-03T10:15:00Z'],
      wrappedTexts: ['a'],
      child: { text: 'in', child: { flag: true } },
      choiceText: 'one',
      veryOdd: 'yes',
      flags: [true, false],
    })
  })

  test('an empty query, and one with empty parts, is no query', async () => {
    assert.deepEqual(await get('/conformance/v1/everything?'), {})
    assert.deepEqual(await get('/conformance/v1/everything?&&text=x&'), { text: 'x' })
  })

  test('names what it refuses', async () => {
    const path = '/conformance/v1/everything'
    assert.deepEqual(await wrong('GET', `${path}?nope=1&child.nope=1&text.x=1&=1`), [
      'nope rpc.field_unknown',
      'child.nope rpc.field_unknown',
      'text.x rpc.field_unknown',
      ' rpc.field_unknown',
    ])
    assert.deepEqual(await wrong('GET', `${path}?labels=x&children=x&child=x&struct=x`), [
      'labels rpc.field_unknown',
      'children rpc.field_unknown',
      'child rpc.field_unknown',
      'struct rpc.field_unknown',
    ])
    assert.deepEqual(
      await wrong('GET', `${path}?flag=1&small=x&time=noon&colour=BLUE&child.big=1.5&smalls=1&smalls=b`),
      [
        'flag rpc.field_invalid',
        'small rpc.field_invalid',
        'time rpc.field_invalid',
        'colour rpc.field_invalid',
        'child.big rpc.field_invalid',
        'smalls[1] rpc.field_invalid',
      ],
    )
    assert.deepEqual(await wrong('GET', `${path}?text=a&text=b`), ['text rpc.field_invalid'])
    assert.deepEqual(await wrong('GET', `${path}?maybeText=a&maybe_text=b`), ['maybeText rpc.field_invalid'])
    assert.deepEqual(await wrong('GET', `${path}?choiceText=a&choiceBig=1`), ['choiceBig rpc.field_invalid'])
  })

  test('a name that goes on for ever is unknown', async () => {
    const path = `${'child.'.repeat(200)}text`
    const [field] = await wrong('GET', `/conformance/v1/everything?${path}=x`)
    assert.match(field ?? '', /^child\.child.*… rpc\.field_unknown$/)
  })
})

describe('path, body and query together', () => {
  test('a field is the body, others stand in the path, the rest in the query', async () => {
    const { text, status } = await send(server.url, '/conformance/v1/everything/a%2Fb/c?flag=true', {
      verb: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"small":1}',
    })
    assert.equal(status, 200)
    assert.deepEqual(JSON.parse(text), { text: 'a/b', flag: true, child: { text: 'c', small: 1 } })
  })

  test('the body may repeat what the path says, and not contradict it', async () => {
    const put = (body: unknown) => wrong('PUT', '/conformance/v1/everything/a/c', body)
    const same = await send(server.url, '/conformance/v1/everything/a/c', {
      verb: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"c"}',
    })
    assert.deepEqual(JSON.parse(same.text), { text: 'a', child: { text: 'c' } })
    assert.deepEqual(await put({ text: 'other' }), ['child.text rpc.field_invalid'])
  })

  test('what the path or the body holds is unknown in the query', async () => {
    assert.deepEqual(await wrong('PUT', '/conformance/v1/everything/a/c?text=x&child.flag=true', {}), [
      'text rpc.field_unknown',
      'child.flag rpc.field_unknown',
    ])
    assert.deepEqual(await wrong('POST', '/conformance/v1/checked?name=x', {}), ['name rpc.field_unknown'])
  })

  test('paths of wrong fields begin at the request, whatever part of it is the body', async () => {
    assert.deepEqual(await wrong('PUT', '/conformance/v1/everything/a/c', { small: 'x', labels: { k: 1 } }), [
      'child.small rpc.field_invalid',
      'child.labels["k"] rpc.field_invalid',
    ])
  })

  test('variables take enums by name and number, and several segments', async () => {
    assert.deepEqual(await get('/conformance/v1/colours/COLOUR_RED/x'), {
      name: 'x',
      filter: { colour: 'COLOUR_RED' },
    })
    assert.deepEqual(await get('/conformance/v1/colours/-7/x'), {
      name: 'x',
      filter: { colour: 'COLOUR_INFRARED' },
    })
    assert.deepEqual(await wrong('GET', '/conformance/v1/colours/BLUE/x'), [
      'filter.colour rpc.field_invalid',
    ])
    assert.deepEqual(await get('/conformance/v1/things/1/parts/a%2Fb/c'), { name: 'things/1/parts/a%2Fb/c' })
  })

  test('a method without a body refuses one', async () => {
    const answer = await send(server.url, '/conformance/v1/things/1', {
      verb: 'GET',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"x"}',
    })
    assert.equal(answer.status, 400)
  })

  test('the status of success and the field that is the answer are the contract’s', async () => {
    const answer = await send(server.url, '/conformance/v1/things/1', {
      verb: 'PATCH',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: '{"title":"x"}',
    })
    assert.equal(answer.status, 202)
    assert.deepEqual(JSON.parse(answer.text), { name: 'things/1', title: 'x' })
  })

  test('a method of its own is served, and HEAD is GET without the body', async () => {
    const touched = await send(server.url, '/conformance/v1/touch', {
      verb: 'PURGE',
      headers: { authorization: 'Bearer tester' },
    })
    assert.equal(touched.status, 200)
    const head = await send(server.url, '/conformance/v1/everything?text=abc', { verb: 'HEAD' })
    assert.equal(head.status, 200)
    assert.equal(head.headers['content-length'], '14')
    assert.equal(head.text, '')
  })
})

describe('every answer', () => {
  test('carries the caller’s request id when it is fit to be logged, and one of ours when not', async () => {
    const idFor = async (given?: string) => {
      const headers: Record<string, string> = given === undefined ? {} : { 'x-request-id': given }
      const answer = await send(server.url, '/conformance/v1/everything', { verb: 'GET', headers })
      return String(answer.headers['x-request-id'])
    }
    assert.equal(await idFor('req-of-mine_1'), 'req-of-mine_1')
    for (const given of [undefined, 'a b', '"}', 'x'.repeat(129)])
      assert.match(await idFor(given), /^req_[0-9a-z]{26}$/)
  })

  test('of an error says how to sign in, when to come back, and where it is explained', async () => {
    const unknown = await send(server.url, '/conformance/v1/things/1:touch', {
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    assert.equal(unknown.status, 401)
    assert.equal(unknown.headers['www-authenticate'], 'Bearer')
    const busy = await send(server.url, '/conformance/v1/fail', {
      headers: { 'content-type': 'application/json' },
      body: '{"code":"unavailable","retryAfter":"1.2s"}',
    })
    assert.equal(busy.status, 503)
    assert.equal(busy.headers['retry-after'], '2')
    assert.equal(busy.headers['x-conformance'], 'failing')
    const { error } = JSON.parse(busy.text) as ErrorBody
    assert.equal(error.docs, '/docs/errors/conformance.failed')
    assert.equal(error.requestId, busy.headers['x-request-id'])
  })

  test('keeps the headers that the application’s hooks have set', async () => {
    const guarded = await startTestServer([service.implementation], {
      prepare: (app) =>
        app.addHook('onRequest', async (_request, reply) => void reply.header('x-guard', 'on')),
    })
    try {
      for (const path of [
        '/conformance/v1/everything',
        '/conformance/v1/nothing',
        '/conformance/v1/count?count=1',
      ]) {
        const headers = { authorization: 'Bearer tester' }
        assert.equal((await send(guarded.url, path, { verb: 'GET', headers })).headers['x-guard'], 'on', path)
      }
    } finally {
      await guarded.stop()
    }
  })
})
