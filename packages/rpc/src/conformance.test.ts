import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { DescMethodUnary, JsonValue } from '@bufbuild/protobuf'
import { createConformanceService } from '../testing/conformance-service.ts'
import { type Outcome, type RestRequest, waysTo } from '../testing/five-ways.ts'
import { Conformance } from '../testing/gen/mainstay/conformance/v1/conformance_pb.js'
import { startTestServer, type TestServer } from '../testing/harness.ts'

interface Case {
  name: string
  method: DescMethodUnary
  /** The request as ProtoJSON. */
  request: JsonValue
  /** How REST says the same; default: a POST of the request to the method's path. */
  rest?: RestRequest
  headers?: Record<string, string>
  want: Want
}

/** The answer, or an error with its code, reason and `field: reason` of each violation. */
type Want = { answer: JsonValue } | { code: string; reason: string; fields?: string[]; retryAfterMs?: number }

const { echo, check, getThing, updateThing, touchThing, fail } = Conformance.method
const postTo: ReadonlyMap<DescMethodUnary, string> = new Map<DescMethodUnary, string>([
  [echo, '/conformance/v1/everything'],
  [check, '/conformance/v1/checked'],
  [fail, '/conformance/v1/fail'],
])

const echoes = (name: string, request: JsonValue, answer: JsonValue = request): Case => ({
  name,
  method: echo,
  request,
  want: { answer },
})

/** A `Checked` that keeps every rule, with one thing changed. */
const checks = (name: string, change: Record<string, JsonValue>, fields: string[]): Case => {
  const request = { name: 'good', needed: { least: 1, most: 2 }, byNumber: 1, ...change }
  for (const [key, value] of Object.entries(request))
    if (value === null) delete (request as Record<string, JsonValue>)[key]
  return {
    name: `rule: ${name}`,
    method: check,
    request,
    want:
      fields.length === 0
        ? { answer: request }
        : { code: 'invalid_argument', reason: 'rpc.field_invalid', fields },
  }
}

const cases: Case[] = [
  echoes('nothing', {}),
  echoes('scalars', {
    text: 'Grüße 👋 "\\\n',
    flag: true,
    raw: 'AP8=',
    ratio: 0.1,
    weight: 1.5,
    small: -2147483648,
    size: 4294967295,
    delta: -1,
    mark: 7,
    offset: -7,
    big: '-9223372036854775808',
    total: '18446744073709551615',
    change: '-1',
    stamp: '1',
    shift: '-1',
    colour: 'COLOUR_GREEN',
    serialNumber: '9007199254740993',
  }),
  echoes('numbers that JSON has no literal for', {
    ratio: 'NaN',
    weight: '-Infinity',
    ratios: ['Infinity', -0.5],
  }),
  echoes(
    'an enum by number',
    { colour: 2, colours: [1, 'COLOUR_INFRARED', 77] },
    { colour: 'COLOUR_GREEN', colours: ['COLOUR_RED', 'COLOUR_INFRARED', 77] },
  ),
  echoes(
    'integers as text and as numbers',
    { small: '5', big: 6, bigs: [7, '8'] },
    { small: 5, big: '6', bigs: ['7', '8'] },
  ),
  echoes(
    'names of the .proto file',
    { maybe_text: 'x', by_name: { a: { by_small: { '1': true } } } },
    { maybeText: 'x', byName: { a: { bySmall: { '1': true } } } },
  ),
  echoes('a name that JSON spells its own way', { veryOdd: 'yes' }),
  echoes('fields that are present with their zero', {
    maybeText: '',
    maybeSmall: 0,
    maybeBig: '0',
    maybeFlag: false,
    maybeColour: 'COLOUR_UNSPECIFIED',
    maybeRaw: '',
  }),
  echoes(
    'null for not set',
    { text: null, child: null, words: null, labels: null, time: null, wrappedText: null, choiceText: null },
    {},
  ),
  echoes('lists', {
    words: ['', 'b'],
    flags: [true, false],
    chunks: ['', 'AA=='],
    smalls: [0, -1],
    children: [{}, { text: 'x' }],
  }),
  echoes('maps', {
    labels: { '': 'empty', 'a b': 'c' },
    bySmall: { '-1': true },
    byBig: { '9223372036854775807': 'COLOUR_RED' },
    byFlag: { true: '1' },
    byName: { x: { text: 'y' } },
    bySize: { '4294967295': 'AA==' },
  }),
  echoes('a message in a message in a message', { child: { child: { child: { text: 'deep' } } } }),
  echoes('one of: text', { choiceText: '' }),
  echoes('one of: a number', { choiceBig: '0' }),
  echoes('one of: a message', { choiceChild: {} }),
  echoes('one of: a time', { choiceTime: '2026-05-03T10:15:00Z' }),
  echoes('one of: a wrapper', { choiceWrapped: '' }),
  echoes('one of: free JSON', { choiceStruct: { a: [1, { b: null }] } }),
  echoes('one of: null', { choiceNull: null }),
  echoes('one of: false', { choiceFlag: false }),
  echoes(
    'times',
    {
      time: '2026-05-03T12:15:00.120+02:00',
      times: ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z'],
    },
    { time: '2026-05-03T10:15:00.120Z', times: ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z'] },
  ),
  echoes(
    'durations',
    { duration: '-0.5s', durations: ['0s', '1.000000001s', '315576000000s'] },
    { duration: '-0.500s', durations: ['0s', '1.000000001s', '315576000000s'] },
  ),
  echoes('field masks', { mask: 'displayName,config.hostName' }),
  echoes('free JSON', {
    struct: { a: 'b', c: { d: [1, null, 'x', false, {}] } },
    value: [null, 1.5, { x: 'y' }],
    list: ['a', 1, null],
    structs: [{}, { a: 1 }],
    values: [null, 'a'],
  }),
  echoes('any JSON that is null', { value: null }),
  echoes('wrappers', {
    wrappedText: '',
    wrappedFlag: false,
    wrappedSmall: 0,
    wrappedBig: '0',
    wrappedSize: 1,
    wrappedTotal: '2',
    wrappedRatio: 0.5,
    wrappedWeight: 0,
    wrappedRaw: '',
    wrappedTexts: ['', 'a'],
  }),
  echoes('maps of well-known types', {
    timesByName: { a: '2026-05-03T10:15:00Z' },
    structsByName: { a: { b: 1 } },
    valuesByName: { a: null, b: [1] },
  }),

  checks('all kept', {}, []),
  checks('too short', { name: 'x' }, ['name']),
  checks('too long', { name: 'much too long' }, ['name']),
  checks('length is counted in characters', { name: '👋👋👋👋👋👋👋👋' }, []),
  checks('max_bytes is counted in bytes', { body: 'ééééé' }, []),
  checks('too many bytes', { body: 'éééééé' }, ['body']),
  checks('pattern', { slug: 'Not-A-Slug' }, ['slug']),
  checks('email', { email: 'nobody' }, ['email']),
  checks('a good email', { email: 'somebody@example.com' }, []),
  checks('uri', { url: 'not a uri' }, ['url']),
  checks('below the range', { pageSize: -1 }, ['pageSize']),
  checks('above the range', { pageSize: 501 }, ['pageSize']),
  checks('64 bits at the edge', { amount: '-5' }, ['amount']),
  checks('64 bits above', { amount: '1000' }, ['amount']),
  checks('a double', { ratio: 1.5 }, ['ratio']),
  checks('not finite', { ratio: 'NaN' }, ['ratio', 'ratio']),
  checks('an unknown enum value', { colour: 99 }, ['colour']),
  checks('too many items', { tags: ['a', 'b', 'c', 'd'] }, ['tags']),
  checks('items twice', { tags: ['a', 'a'] }, ['tags']),
  checks('an item too long', { tags: ['ok', 'far too long'] }, ['tags[1]']),
  checks('a required message is missing', { needed: null }, ['needed']),
  checks("a message's own rule", { needed: { least: 3, most: 2 } }, ['needed']),
  checks('a rule inside', { needed: { least: 1, most: 2, inner: { least: -1 } } }, ['needed.inner.least']),
  checks('a rule inside a list', { many: [{ least: 0 }, { least: -1 }] }, ['many[1].least']),
  checks('a map that is too large', { counts: { a: 1, b: 2, c: 3 } }, ['counts']),
  checks("a map's key", { counts: { longer: 1 } }, ['counts["longer"]']),
  checks("a map's value", { counts: { a: -1 } }, ['counts["a"]']),
  checks('none of a required oneof', { byNumber: null }, ['way']),
  checks('the member of a oneof', { byNumber: -1 }, ['byNumber']),
  checks('a duration below', { ttl: '0.9s' }, ['ttl']),
  checks('a duration at the edge', { ttl: '60.500s' }, []),
  checks('a duration above', { ttl: '60.500000001s' }, ['ttl']),
  checks('a time', { time: '1970-01-01T00:16:39Z' }, ['time']),
  checks('bytes', { raw: 'AAAAAAA=' }, ['raw']),
  checks('present and too short', { nickname: '' }, ['nickname']),
  checks('one of a few', { size: 'XL' }, ['size']),
  checks('an expression', { even: 3 }, ['even']),
  checks('a host name', { host: 'not a host' }, ['host']),
  checks('a wrapper', { wrapped: 10 }, ['wrapped']),
  checks('what is never checked', { ignored: { least: -1 } }, []),
  checks('unknown enum values in a list', { colours: ['COLOUR_RED', 99] }, ['colours[1]']),
  checks(
    'everything at once',
    { name: 'x', pageSize: 999, tags: ['', 'b'], needed: { least: -1, most: -2 } },
    ['name', 'pageSize', 'tags[0]', 'needed.least', 'needed'],
  ),

  {
    name: 'a variable of one segment, a query and a field mask',
    method: getThing,
    request: {
      name: 'things/a b',
      filter: { colour: 'COLOUR_RED', serialNumbers: ['1', '2'], onlyNew: false },
      readMask: 'title',
    },
    rest: {
      verb: 'GET',
      path: '/conformance/v1/things/a%20b?filter.colour=COLOUR_RED&filter.serial_numbers=1&filter.serialNumbers=2&filter.onlyNew=false&read_mask=title',
    },
    want: {
      answer: {
        name: 'things/a b',
        title: 'title',
        filter: { colour: 'COLOUR_RED', serialNumbers: ['1', '2'], onlyNew: false },
      },
    },
  },
  {
    name: 'a field in the path, one as the body, one of the answer as the answer',
    method: updateThing,
    request: { thing: { name: 'things/1', title: 'new' }, updateMask: 'title' },
    rest: { verb: 'PATCH', path: '/conformance/v1/things/1?updateMask=title', body: { title: 'new' } },
    want: { answer: { thing: { name: 'things/1', title: 'new' }, updateMask: 'title' } },
  },
  {
    name: 'a caller who may',
    method: touchThing,
    request: { name: 'things/1', title: 'x' },
    rest: { verb: 'POST', path: '/conformance/v1/things/1:touch', body: { title: 'x' } },
    headers: { authorization: 'Bearer tester' },
    want: { answer: { name: 'things/1', title: 'x by key_tester' } },
  },
  {
    name: 'a caller nobody knows is told so before the request is looked at',
    method: touchThing,
    request: { name: 'things/1', title: 'far too long for a title, but who asks?' },
    rest: {
      verb: 'POST',
      path: '/conformance/v1/things/1:touch',
      body: { title: 'far too long for a title, but who asks?' },
    },
    want: { code: 'unauthenticated', reason: 'conformance.unknown_caller' },
  },
  {
    name: 'a caller who may not',
    method: touchThing,
    request: { name: 'things/1' },
    rest: { verb: 'POST', path: '/conformance/v1/things/1:touch', body: {} },
    headers: { authorization: 'Bearer guest' },
    want: { code: 'permission_denied', reason: 'conformance.forbidden' },
  },
  ...[
    'not_found',
    'already_exists',
    'failed_precondition',
    'aborted',
    'out_of_range',
    'unavailable',
    'data_loss',
    'cancelled',
    'unknown',
    'unimplemented',
  ].map(
    (code): Case => ({
      name: `an error of the handler: ${code}`,
      method: fail,
      request: { code },
      want: { code, reason: 'conformance.failed' },
    }),
  ),
  {
    name: 'an error with fields and a time to wait',
    method: fail,
    request: { code: 'resource_exhausted', fields: ['a.b', 'c[1]'], retryAfter: '3s' },
    want: {
      code: 'resource_exhausted',
      reason: 'conformance.failed',
      fields: ['a.b', 'c[1]'],
      retryAfterMs: 3000,
    },
  },
  {
    name: 'an error that is not ours says nothing of itself',
    method: fail,
    request: { code: 'no such code' },
    want: { code: 'internal', reason: 'kernel.internal' },
  },
]

let server: TestServer

before(async () => {
  server = await startTestServer([createConformanceService().implementation])
})
after(() => server.stop())

describe('the same call gives the same outcome over REST, Connect (JSON and binary), gRPC and gRPC-Web', () => {
  for (const { name, method, request, rest, headers, want } of cases) {
    test(name, async () => {
      const ways = waysTo(server, method, headers)
      const outcomes: Record<string, Outcome> = {
        connectJson: await ways.connectJson(request),
        connectBinary: await ways.connectBinary(request),
        grpc: await ways.grpc(request),
        grpcWeb: await ways.grpcWeb(request),
      }
      const path = postTo.get(method)
      const overRest = await ways.rest(rest ?? { verb: 'POST', path: path ?? '', body: request })
      for (const [way, outcome] of Object.entries(outcomes))
        assert.deepEqual(comparable(outcome), comparableWant(want, method), way)
      assert.deepEqual(comparable(overRest), comparableWant(restWant(want, method), method), 'rest')
      if (!('answer' in overRest)) {
        for (const [way, outcome] of Object.entries(outcomes)) {
          assert.deepEqual(outcome, overRest, `${way} says word for word what REST says`)
        }
      }
    })
  }
})

/** Over REST, the answer of `UpdateThing` is the field that its HTTP rule names. */
function restWant(want: Want, method: DescMethodUnary): Want {
  if (method !== updateThing || !('answer' in want)) return want
  return { answer: (want.answer as { thing: JsonValue }).thing }
}

function comparable(outcome: Outcome): unknown {
  if ('answer' in outcome) return { answer: withoutRevision(outcome.answer) }
  const { code, reason, violations, retryAfterMs } = outcome
  return {
    code,
    reason,
    fields: violations.map(({ field }) => field),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

function comparableWant(want: Want, _method: DescMethodUnary): unknown {
  return 'answer' in want ? want : { fields: [], ...want }
}

/** The counter of runs differs from way to way by its nature. */
function withoutRevision(answer: JsonValue): JsonValue {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return answer
  const { revision: _, ...rest } = answer
  return rest
}
