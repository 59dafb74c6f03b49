import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { pathText } from './definition.ts'
import { makePlan } from './plan.ts'
import { readDefinition } from './read.ts'
import { readYaml } from './yaml.ts'

const order = `
name: order-shipped
description: Tells a customer that an order is on its way
timezone: Europe/Berlin
steps:
  - id: gather
    digest: { key: data.order_id, window: 15m }
  - id: many
    condition: count > 1
    then:
      - id: list
        channel: email
        content:
          subject: "{{ count }} parcels"
          text: "{% for item in items %}{{ item.parcel }} {% endfor %}"
        next: end
  - id: reach
    fallback:
      - { channel: push, template: shipped-push, until: seen, within: 10m }
      - { channel: sms, template: { name: shipped-sms, version: 2 }, within: 1h, unknown: next }
      - { channel: email, template: shipped }
  - id: wait
    delay: { until: data.arrival, before: 1h }
  - id: tell
    webhook: { url: "https://erp.example/hooks", type: order.told, data: { order: "{{ data.order_id }}" } }
`

const read = (text: string) => {
  const yaml = readYaml(text)
  const { definition, problems } = readDefinition(yaml.value)
  return { definition, problems, locate: yaml.locate }
}

/** Every problem of a definition whose steps are these, as `path: description`. */
const problemsOf = (steps: string): string[] =>
  read(`name: test-flow\nsteps:\n${steps}`).problems.map(
    ({ path, description }) => `${pathText(path)}: ${description}`,
  )

/** The first thing that is wrong with a text, as YAML or as a definition. */
const wrongOf = (text: string): string => {
  const { value, problems } = readYaml(text)
  return (problems[0] ?? readDefinition(value).problems[0])?.description ?? ''
}

describe('a definition', () => {
  it('is the same from YAML and from JSON, and leads from step to step', () => {
    const { definition, problems } = read(order)
    assert.deepEqual(problems, [])
    assert.deepEqual(readDefinition(JSON.parse(JSON.stringify(readYaml(order).value))).definition, definition)
    const { first, steps } = makePlan(definition)
    assert.equal(first, 'gather')
    const ways = [...steps.values()].map(({ step, next, whenMet, whenNot }) => [
      step.id,
      next,
      whenMet,
      whenNot,
    ])
    assert.deepEqual(ways, [
      ['gather', 'many', undefined, undefined],
      ['list', undefined, undefined, undefined],
      ['many', 'reach', 'list', 'reach'],
      ['reach', 'wait', undefined, undefined],
      ['wait', 'tell', undefined, undefined],
      ['tell', undefined, undefined, undefined],
    ])
  })

  it('tells everything that is wrong at once, with its path, line and column', () => {
    const text = `name: Bad Name
timezone: Europe/Atlantis
colour: red
steps:
  - id: one
    channel: fax
    template: hello
  - id: two
    digest: { window: 15m }
  - id: three
    condition: total > 1
    then:
      - { id: four, delay: soon }
  - id: five
    channel: email
    content: { subject: "{{ x", text: hi, txet: no }
`
    const { problems, locate } = read(text)
    const told = problems.map(({ path, description }) => {
      const { line, column } = locate(path)
      return `${line}:${column} ${pathText(path)}: ${description}`
    })
    for (const wanted of [
      /^1:1 name: must be a name like order-shipped/,
      /^2:1 timezone: must be a timezone of the IANA database/,
      /^3:1 colour: is unknown here/,
      /^6:5 steps\[0\]\.channel: must be email, sms/,
      /^9:5 steps\[1\]\.digest\.key: must say what belongs together/,
      /^11:5 steps\[2\]\.condition: is no expression: "total" is unknown/,
      /^13:21 steps\[2\]\.then\[0\]\.delay: must be a time from 1s to 365d/,
      /^16:16 steps\[3\]\.content\.subject: .*not closed/,
      /^16:43 steps\[3\]\.content\.txet: is unknown here: subject, text/,
    ]) {
      assert.ok(
        told.some((one) => wanted.test(one)),
        `${wanted} in\n${told.join('\n')}`,
      )
    }
    assert.equal(told.length, 9, told.join('\n'))
  })

  it('is refused where it goes in a circle, however long', () => {
    assert.deepEqual(problemsOf('  - { id: a, delay: 1m }\n  - { id: b, delay: 1m, next: a }'), [
      'steps[1].next: goes in a circle: a → b → a',
    ])
    const branched = `
  - { id: a, delay: 1m }
  - id: b
    condition: data.x
    then: [{ id: c, delay: 1m, next: a }]`
    assert.deepEqual(problemsOf(branched), ['steps[1].then[0].next: goes in a circle: a → b → c → a'])
    assert.deepEqual(problemsOf('  - { id: a, delay: 1m, next: a }'), [
      'steps[0].next: goes in a circle: a → a',
    ])
  })

  it('is refused where YAML holds itself or means too much', () => {
    assert.match(wrongOf('steps: &a [*a]'), /holds itself/)
    assert.match(wrongOf('steps: *nothing'), /alias/i)
    const laughs = Array.from({ length: 12 }, (_, i) => `l${i}: &l${i} [${`*l${i - 1},`.repeat(9)}]`)
    laughs[0] = 'l0: &l0 [x]'
    assert.match(wrongOf(laughs.join('\n')), /write it out/)
  })

  it('attack: a text of so many keys, or so deep, that nobody else would be served while it is read', () => {
    const size = 262_144
    const keys = Array.from({ length: size / 8 }, (_, index) => `${index.toString(36)}:`)
    for (const text of [
      keys.join('\n'),
      `{${keys.map((key) => key.slice(0, -1)).join(',')}}`,
      `[${'a,'.repeat(size / 2 - 1)}]`,
      '#\n'.repeat(size / 2),
      ': '.repeat(size / 2),
    ]) {
      assert.match(wrongOf(text), /has more than 50000 words/, text.slice(0, 20))
    }
    assert.match(wrongOf('['.repeat(size)), /nested more than 100 deep/)
    const anchors = Array.from({ length: 4000 }, (_, index) => `- &a${index} x\n- *a${index}`)
    assert.match(wrongOf(anchors.join('\n')), /repeats anchors more than 100 times: write it out/)
  })

  it('may say in its texts what would be a mark elsewhere', () => {
    const text = `steps: |\n${'  * [ { * a\n'.repeat(500)}name: "*[{"\n`
    assert.deepEqual(readYaml(text).problems, [])
  })

  it('is refused where a map has a key twice, at its place', () => {
    const { problems } = readYaml('name: one\nsteps:\n  - { id: a, "id": b }\nname: two\n')
    assert.deepEqual(problems, [
      { path: [], description: 'has the key `name` twice', line: 4, column: 1 },
      { path: [], description: 'has the key `id` twice', line: 3, column: 14 },
    ])
  })

  it('that is wrong all over is told so a hundred times at the most', () => {
    assert.equal(readYaml(`{${'a,'.repeat(5000)}}`).problems.length, 100)
    assert.equal(readYaml('- @\n'.repeat(5000)).problems.length, 100)
  })

  it('is refused with words that say what to do', () => {
    const cases: [string, RegExp][] = [
      ['  - { id: a }', /steps\[0\]: must have exactly one of channel, delay/],
      ['  - { id: a, delay: 1m, digest: { key: data.x, window: 1m } }', /must have exactly one of/],
      ['  - { id: a, digest: { key: "", window: 1m } }', /digest\.key: must say what belongs together/],
      ['  - { id: a, digest: { key: data.x } }', /either `window`, such as 15m, or `every`/],
      ['  - { id: a, digest: { key: data.x, every: week, at: "09:00" } }', /digest\.on: must be sunday, /],
      [
        '  - { id: a, digest: { key: data.x, every: day, at: 9am } }',
        /digest\.at: must be a local time in quotes/,
      ],
      ['  - { id: a, delay: { until: data.x, for: 1m } }', /either `for` or `until`/],
      ['  - { id: a, channel: email }', /either `template` or `content`/],
      ['  - { id: a, channel: email, content: { text: hi } }', /content\.subject: must be a text/],
      ['  - { id: a, channel: push, content: { title: hi } }', /content: must have body/],
      ['  - { id: a, channel: inbox, content: { body: hi } }', /content: must have title/],
      ['  - { id: a, fallback: [{ channel: push, template: x, within: 1m }] }', /a list of 2 to 10 channels/],
      [
        '  - { id: a, fallback: [{ channel: push, template: x }, { channel: sms, template: x }] }',
        /fallback\[0\]\.within/,
      ],
      [
        '  - { id: a, webhook: { url: "http://x.example", type: a.b } }',
        /webhook\.url: must be a URL, https/,
      ],
      ['  - { id: a, delay: 1m }\n  - { id: a, delay: 1m }', /steps\[1\]\.id: is taken/],
      ['  - { id: a, delay: 1m, next: nowhere }', /steps\[0\]\.next: names no step/],
      ['  - { id: end, delay: 1m }', /must not be `end`/],
      [
        '  - { id: a, condition: steps.b.seen, then: [{ id: c, delay: 1m }] }',
        /names no step: there is no "b"/,
      ],
      [
        '  - { id: a, condition: steps.b.seen, then: [{ id: c, delay: 1m }] }\n  - { id: b, channel: sms, template: t }',
        /asks what became of "b", which does not come before/,
      ],
    ]
    for (const [steps, wanted] of cases) {
      assert.ok(
        problemsOf(steps).some((one) => wanted.test(one)),
        `${wanted}: ${problemsOf(steps).join('\n')}`,
      )
    }
  })

  it('has limits: a hundred steps, so deep, so large', () => {
    const steps = (count: number) =>
      Array.from({ length: count }, (_, index) => `  - { id: s${index}, delay: 1m }`).join('\n')
    assert.deepEqual(problemsOf(steps(100)), [])
    assert.deepEqual(problemsOf(steps(101)), ['steps: has 101 steps in all, and may have 100'])
    const large = { name: 'large', description: 'x'.repeat(300_000), steps: [] }
    assert.match(readDefinition(large).problems[0]?.description ?? '', /more than 262144 characters/)
    const circular: Record<string, unknown> = { name: 'circular' }
    circular.steps = [circular]
    assert.match(readDefinition(circular).problems[0]?.description ?? '', /holds itself/)
  })

  it('never throws, whatever is written', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        readDefinition(value)
        readDefinition({ name: 'x-y', steps: [value] })
      }),
      { numRuns: 300 },
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        readYaml(text)
      }),
      { numRuns: 300 },
    )
  })
})
