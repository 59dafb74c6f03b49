import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { useTestDatabase } from '@mainstay/kernel/testing'
import fc from 'fast-check'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { segmentCondition } from './condition.ts'
import { isRule, readRule } from './rule.ts'

interface Person {
  recipientId: string
  email?: string
  displayName?: string
  locale?: string
  timezone?: string
  createTime: string
  attributes: Record<string, unknown>
  topics: string[]
}

const PEOPLE: readonly Person[] = [
  {
    recipientId: 'ada',
    email: 'Ada@Example.com',
    displayName: 'Ada Lovelace',
    locale: 'en-GB',
    timezone: 'Europe/London',
    createTime: '2026-01-01T00:00:00Z',
    attributes: {
      plan: 'pro',
      seats: 5,
      tags: ['beta', 'vip', 7],
      active: true,
      address: { city: 'London' },
    },
    topics: ['news', 'offers'],
  },
  {
    recipientId: 'bo',
    email: 'bo@example.org',
    locale: 'de',
    createTime: '2026-02-01T00:00:00Z',
    attributes: { plan: 'free', seats: 1.5, tags: [], active: false, since: '2026-01-15', nothing: null },
    topics: ['news'],
  },
  {
    recipientId: 'cy',
    displayName: "Cy 'O''Hara\\; DROP",
    createTime: '2026-03-01T00:00:00Z',
    attributes: { plan: ['pro', 'free'], seats: '5', address: { city: 'Łódź', 'odd"key\'': 'x' } },
    topics: [],
  },
  {
    recipientId: 'di',
    locale: 'de-AT',
    createTime: '2026-04-01T00:00:00Z',
    attributes: {},
    topics: ['offers'],
  },
]

describe('the rule of a segment', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  before(async () => {
    const db = await database.ready()
    for (const topic of ['news', 'offers']) {
      await db.query({
        text: `INSERT INTO notify.topics VALUES ($1, $2, '', '', now(), now())`,
        values: [TEST_PROJECT, topic],
      })
    }
    for (const person of PEOPLE) {
      await db.query({
        text: `INSERT INTO notify.recipients (project_id, recipient_id, email, display_name, locale, timezone, attributes,
            create_time, update_time)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
        values: [
          TEST_PROJECT,
          person.recipientId,
          person.email ?? null,
          person.displayName ?? null,
          person.locale ?? null,
          person.timezone ?? null,
          JSON.stringify(person.attributes),
          person.createTime,
        ],
      })
      await db.query({
        text: 'INSERT INTO notify.topic_members SELECT $1, topic, $2, now() FROM unnest($3::text[]) AS t (topic)',
        values: [TEST_PROJECT, person.recipientId, person.topics],
      })
    }
  })

  /** Who is meant, as the database says; parameters begin where the caller's own end. */
  async function who(json: unknown): Promise<string[]> {
    const rule = readRule(json)
    if (!isRule(rule)) assert.fail(`${rule.field} ${rule.description}`)
    const { text, values } = segmentCondition(rule, 2)
    const { rows } = await database.db.query<{ id: string }>({
      text: `SELECT r.recipient_id AS id FROM notify.recipients r WHERE r.project_id = $1 AND ${text} ORDER BY 1`,
      values: [TEST_PROJECT, ...values],
    })
    return rows.map(({ id }) => id)
  }
  const field = (name: string, op: string, value?: unknown) => ({
    field: name,
    op,
    ...(value !== undefined && { value }),
  })

  it('finds whom it describes', async () => {
    const cases: [unknown, string[]][] = [
      [{ all: [] }, ['ada', 'bo', 'cy', 'di']],
      [{ any: [] }, []],
      [{ not: { any: [] } }, ['ada', 'bo', 'cy', 'di']],
      [{ topic: 'news' }, ['ada', 'bo']],
      [{ all: [{ topic: 'news' }, { not: { topic: 'offers' } }] }, ['bo']],
      [field('email', 'eq', 'ADA@example.COM'), ['ada']],
      [field('email', 'neq', 'ada@example.com'), ['bo', 'cy', 'di']],
      [field('email', 'exists'), ['ada', 'bo']],
      [field('email', 'exists', false), ['cy', 'di']],
      [field('email', 'contains', 'EXAMPLE'), ['ada', 'bo']],
      [field('displayName', 'prefix', 'ada l'), ['ada']],
      [field('displayName', 'eq', "Cy 'O''Hara\\; DROP"), ['cy']],
      [field('recipientId', 'in', ['di', 'ada']), ['ada', 'di']],
      [field('locale', 'eq', 'EN-gb'), ['ada']],
      [field('locale', 'prefix', 'de'), ['bo', 'di']],
      [field('timezone', 'eq', 'Europe/London'), ['ada']],
      [field('createTime', 'gte', '2026-02-01T01:00:00+01:00'), ['bo', 'cy', 'di']],
      [field('createTime', 'lt', '2026-02-01T00:00:00Z'), ['ada']],
      [field('attributes.plan', 'eq', 'pro'), ['ada']],
      [field('attributes.plan', 'neq', 'pro'), ['bo', 'cy', 'di']],
      [field('attributes.plan', 'in', ['pro', 'free']), ['ada', 'bo']],
      [field('attributes.plan', 'contains', 'pro'), ['ada', 'cy']],
      [field('attributes.plan', 'contains', 'r'), ['ada', 'bo']],
      [field('attributes.plan', 'prefix', 'fr'), ['bo']],
      [field('attributes.plan', 'exists'), ['ada', 'bo', 'cy']],
      [field('attributes.nothing', 'exists'), []],
      [field('attributes.nothing', 'exists', false), ['ada', 'bo', 'cy', 'di']],
      [field('attributes.seats', 'eq', 5), ['ada']],
      [field('attributes.seats', 'gt', 1), ['ada', 'bo']],
      [field('attributes.seats', 'lte', 1.5), ['bo']],
      [{ not: field('attributes.seats', 'gt', 1) }, ['cy', 'di']],
      [field('attributes.seats', 'gte', '5'), ['cy']],
      [field('attributes.since', 'lt', '2026-01-16'), ['bo']],
      [field('attributes.active', 'eq', false), ['bo']],
      [field('attributes.tags', 'contains', 'vip'), ['ada']],
      [field('attributes.tags', 'contains', 7), ['ada']],
      [field('attributes.tags', 'eq', 'vip'), []],
      [field('attributes.address.city', 'prefix', 'Łó'), ['cy']],
      [field('attributes.address.odd"key\'', 'eq', 'x'), ['cy']],
      [field('attributes.address.city.deeper', 'exists'), []],
    ]
    for (const [rule, expected] of cases) assert.deepEqual(await who(rule), expected, JSON.stringify(rule))
  })

  it('that is wrong is told by the path of what is', () => {
    const deep = (levels: number): unknown => (levels === 0 ? { topic: 'a' } : { not: deep(levels - 1) })
    const cases: [unknown, string][] = [
      [null, 'rule'],
      [[], 'rule'],
      [{}, 'rule'],
      [{ all: {} }, 'rule.all'],
      [{ all: [{ topic: 'a' }, 7] }, 'rule.all[1]'],
      [{ topic: 'a', any: [] }, 'rule.topic'],
      [{ topic: '' }, 'rule.topic'],
      [{ not: { all: [field('age', 'eq', 1)] } }, 'rule.not.all[0].field'],
      [field('attributes', 'exists'), 'rule.field'],
      [field('attributes.a..b', 'exists'), 'rule.field'],
      [field('attributes.tags.0', 'exists'), 'rule.field'],
      [field(`attributes${'.a'.repeat(9)}`, 'exists'), 'rule.field'],
      [field('email', 'gt', 'a'), 'rule.op'],
      [field('createTime', 'eq', '2026-01-01T00:00:00Z'), 'rule.op'],
      [field('createTime', 'gt', 'yesterday'), 'rule.value'],
      [field('createTime', 'gt', '2026-13-01T00:00:00Z'), 'rule.value'],
      [field('email', 'eq', 7), 'rule.value'],
      [field('attributes.a', 'eq'), 'rule.value'],
      [field('attributes.a', 'eq', { b: 1 }), 'rule.value'],
      [field('attributes.a', 'gt', true), 'rule.value'],
      [field('attributes.a', 'in', []), 'rule.value'],
      [field('attributes.a', 'in', Array(101).fill(1)), 'rule.value'],
      [field('attributes.a', 'in', ['x', null]), 'rule.value[1]'],
      [field('attributes.a', 'prefix', ''), 'rule.value'],
      [field('attributes.a', 'eq', 'a\0b'), 'rule.value'],
      [field('attributes.a', 'eq', '\ud800'), 'rule.value'],
      [field('attributes.a', 'eq', 'x'.repeat(257)), 'rule.value'],
      [{ ...field('attributes.a', 'eq', 1), and: 2 }, 'rule.and'],
      [deep(8), `rule${'.not'.repeat(8)}`],
      [{ all: Array(100).fill({ topic: 'a' }) }, 'rule.all[99]'],
      [{ all: Array(60).fill(field('attributes.a', 'eq', 'x'.repeat(250))) }, 'rule'],
    ]
    for (const [json, path] of cases) {
      const read = readRule(json)
      assert.ok(!isRule(read), JSON.stringify(json))
      assert.equal(read.field, path, JSON.stringify(json))
    }
    assert.ok(isRule(readRule(deep(7))))
  })

  it('says the same in SQL as in JavaScript, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(rules, async (json) => {
        const expected = PEOPLE.filter((person) => evaluate(json, person)).map((person) => person.recipientId)
        assert.deepEqual(await who(json), expected)
      }),
      { numRuns: 300 },
    )
  })

  it('is read or refused, whatever it is, and what is read is one statement', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), wild), async (json) => {
        if (isRule(readRule(json))) await who(json)
      }),
      { numRuns: 300 },
    )
  })
})

const paths = ['plan', 'seats', 'tags', 'active', 'address.city', 'since', 'nothing', 'missing']
const scalars = fc.constantFrom<string | number | boolean>(
  'pro',
  'free',
  'vip',
  'beta',
  'London',
  '5',
  5,
  7,
  1.5,
  0,
  true,
  false,
)
const conditions = fc.oneof(
  fc.record({ topic: fc.constantFrom('news', 'offers', 'none') }),
  fc.record({
    field: fc.constantFrom(...paths.map((path) => `attributes.${path}`)),
    op: fc.constantFrom('eq', 'neq', 'contains'),
    value: scalars,
  }),
  fc.record({
    field: fc.constantFrom(...paths.map((path) => `attributes.${path}`)),
    op: fc.constantFrom('gt', 'gte', 'lt', 'lte'),
    value: fc.constantFrom<string | number>(1, 1.5, 5, '5', 'fr', '2026-01-15'),
  }),
  fc.record({
    field: fc.constantFrom(...paths.map((path) => `attributes.${path}`), 'email', 'locale', 'timezone'),
    op: fc.constant('exists'),
    value: fc.boolean(),
  }),
  fc.record({
    field: fc.constantFrom('recipientId', 'attributes.plan', 'attributes.seats'),
    op: fc.constant('in'),
    value: fc.array(fc.constantFrom('ada', 'cy', 'pro', '5'), { minLength: 1, maxLength: 3 }),
  }),
)
const rules: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  rule: fc.oneof(
    { maxDepth: 4 },
    conditions,
    fc.record({ all: fc.array(tie('rule'), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('rule'), { maxLength: 3 }) }),
    fc.record({ not: tie('rule') }),
  ),
})).rule
/** Of the right shape, with anything in it. */
const wild = fc.record({
  field: fc.oneof(
    fc.string({ unit: 'binary' }).map((name) => `attributes.${name}`),
    fc.constantFrom('email', 'locale', 'createTime', '__proto__', 'constructor'),
  ),
  op: fc.constantFrom('eq', 'neq', 'in', 'gt', 'exists', 'contains', 'prefix', 'toString'),
  value: fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.array(fc.string())),
})

/** The meaning of a rule, said a second time. */
function evaluate(json: unknown, person: Person): boolean {
  const rule = json as Record<string, unknown>
  if ('all' in rule) return (rule.all as unknown[]).every((one) => evaluate(one, person))
  if ('any' in rule) return (rule.any as unknown[]).some((one) => evaluate(one, person))
  if ('not' in rule) return !evaluate(rule.not, person)
  if ('topic' in rule) return person.topics.includes(String(rule.topic))
  const found = String(rule.field)
    .split('.')
    .reduce<unknown>((inner, step) => (inner as Record<string, unknown> | undefined)?.[step], person)
  const { op, value } = rule as { op: string; value: never }
  switch (op) {
    case 'eq':
      return found === value
    case 'neq':
      return found !== value
    case 'in':
      return (value as unknown[]).includes(found)
    case 'exists':
      return (found !== undefined && found !== null) === value
    case 'contains':
      if (Array.isArray(found)) return found.includes(value)
      return typeof found === 'string' && typeof value === 'string' && found.includes(value)
    default:
      if (typeof found !== typeof value || found === undefined) return false
      if (op === 'gt') return (found as number) > value
      if (op === 'gte') return (found as number) >= value
      return op === 'lt' ? (found as number) < value : (found as number) <= value
  }
}
