import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError, newId, systemClock } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import { notifyMigrations } from '../migrations.ts'
import { parseTemplate, withText } from './engine.ts'
import { createTemplates } from './service.ts'

const database = useTestDatabase({ sets: [notifyMigrations] })
const silentBus = { listen: async () => () => {}, notify: async () => {}, onReconnect: () => () => {} }
const email = (subject: string, text = '', html = '') => ({ subject, text, html })

function refusal(call: () => unknown): AppError {
  try {
    call()
  } catch (error) {
    assert.ok(error instanceof AppError, String(error))
    return error
  }
  return assert.fail('it was expected to be refused')
}

test('values are escaped in the HTML and left as they are in the text', () => {
  const template = parseTemplate(email('Hi {{ name }}', 'Hi {{ name }}', '<p>Hi {{ name }}</p>'))
  const made = template.render({ name: '<b>Ada & Co</b>' })
  assert.equal(made.html, '<p>Hi &lt;b&gt;Ada &amp; Co&lt;/b&gt;</p>')
  assert.equal(made.text, 'Hi <b>Ada & Co</b>')
})

test('a value cannot break the subject into headers', () => {
  const made = parseTemplate(email('Hi {{ name }}', 'x')).render({ name: 'Ada\r\nBcc: all@example.com' })
  assert.equal(made.subject, 'Hi Ada Bcc: all@example.com')
})

test('a missing variable is refused by its path, one that the template calls optional is not', () => {
  const template = parseTemplate(
    email('Order {{ order.id }}', '{% if coupon %}{{ coupon }}{% endif %}{{ note | default: "-" }}'),
  )
  const error = refusal(() => template.render({ order: {} }))
  assert.equal(error.reason, 'notify.template_invalid')
  assert.deepEqual(error.violations, [
    { field: 'data.order.id', description: 'is used by the template and not given' },
  ])
  assert.equal(template.render({ order: { id: 7 } }).text, '-')
})

test('wrong Liquid is refused with its part, line and column, all at once', () => {
  const error = refusal(() => parseTemplate(email('{{ a | nofilter }}', 'line\n{% if %}', '{% nosuchtag %}')))
  assert.deepEqual(error.violations, [
    { field: 'email.subject', description: 'undefined filter: nofilter, line:1, col:1' },
    { field: 'email.text', description: 'invalid value expression: "", line:2, col:6' },
    { field: 'email.html', description: 'tag "nosuchtag" not found, line:1, col:1' },
  ])
})

test('template bombs end in an error', () => {
  const nested = '{% for a in (1..100000) %}{% for b in (1..100000) %}{{ a }}{% endfor %}{% endfor %}'
  assert.equal(refusal(() => parseTemplate(email('x', nested)).render({})).reason, 'notify.template_invalid')
  const huge = '{% for a in (1..999999999) %}x{% endfor %}'
  assert.equal(refusal(() => parseTemplate(email('x', huge)).render({})).reason, 'notify.template_invalid')
  const doubling = `{% assign s = "xxxxxxxxxx" %}${'{% assign s = s | append: s %}'.repeat(40)}{{ s }}`
  assert.equal(
    refusal(() => parseTemplate(email('x', doubling)).render({})).reason,
    'notify.template_invalid',
  )
})

test('templates reach no files and no prototypes', () => {
  assert.throws(() => parseTemplate(email('x', '{% include "/etc/passwd" %}')).render({}))
  assert.throws(() => parseTemplate(email('x', '{{ a.constructor.name }}')).render({ a: {} }))
})

test('a missing text is made from the HTML', () => {
  const made = withText(email('x', '', '<h1>Hello</h1><p>Go <a href="https://a.example">there</a></p>'))
  assert.match(made.text, /HELLO/i)
  assert.match(made.text, /https:\/\/a\.example/)
})

test('fifty concurrent versions are numbered one after the other', async () => {
  const templates = createTemplates({ db: database.db, bus: silentBus, clock: systemClock })
  const projectId = newId()
  const made = await Promise.all(
    Array.from({ length: 50 }, (_, i) => templates.create(projectId, 'race', email(`v${i}`, 'x'))),
  )
  const versions = made.map(({ version }) => version).sort((a, b) => a - b)
  assert.deepEqual(
    versions,
    Array.from({ length: 50 }, (_, i) => i + 1),
  )
})

test('a send takes the newest version, also just after it was made, and an old one stays as it was', async () => {
  const templates = createTemplates({ db: database.db, bus: silentBus, clock: systemClock })
  const projectId = newId()
  await templates.create(projectId, 'welcome', email('One', 'x'))
  assert.deepEqual(await templates.check(projectId, { name: 'welcome', version: 0 }, {}), {
    version: 1,
    subject: 'One',
  })
  await templates.create(projectId, 'welcome', email('Two', 'x'))
  assert.deepEqual(await templates.check(projectId, { name: 'welcome', version: 0 }, {}), {
    version: 2,
    subject: 'Two',
  })
  const old = await templates.render(projectId, { template: { name: 'welcome', version: 1 }, data: {} })
  assert.equal(old.subject, 'One')
})

test('a template of another project is not found', async () => {
  const templates = createTemplates({ db: database.db, bus: silentBus, clock: systemClock })
  await templates.create(newId(), 'private', email('x', 'x'))
  await assert.rejects(templates.get(newId(), 'private', 0), (error) => {
    return error instanceof AppError && error.reason === 'notify.template_not_found'
  })
})
