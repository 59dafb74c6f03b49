import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { content, emailContent, partial, publishAndFill, refusalOf } from '../testing/templates.ts'
import { createCompiler } from './compiler.ts'
import type { Parts } from './content.ts'

const compiler = createCompiler()
after(() => compiler.close())

const refused = async (parts: Parts, data: Record<string, unknown> = {}) =>
  (await refusalOf(publishAndFill(content({ en: { subject: 'x', ...parts } }), data, compiler))).join('\n')

describe('template bombs', () => {
  it('that loop end in an error', async () => {
    const nested = '{% for a in (1..100000) %}{% for b in (1..100000) %}{{ a }}{% endfor %}{% endfor %}'
    assert.match(await refused({ text: nested }), /limit exceeded/)
    assert.match(await refused({ text: '{% for a in (1..999999999) %}x{% endfor %}' }), /limit exceeded/)
    assert.match(
      await refused({ html: '{% tablerow a in (1..9999999) cols: 1 %}x{% endtablerow %}' }),
      /limit exceeded/,
    )
  })

  it('that grow strings end in an error', async () => {
    const doubling = `{% assign s = "xxxxxxxxxx" %}${'{% assign s = s | append: s %}'.repeat(40)}{{ s }}`
    assert.match(await refused({ text: doubling }), /limit exceeded/)
    const captured = `{% capture s %}xxxxxxxxxx{% endcapture %}${'{% capture s %}{{ s }}{{ s }}{{ s }}{{ s }}{% endcapture %}'.repeat(30)}{{ s }}`
    assert.match(
      await refused({ text: captured }),
      /limit exceeded|more than 2000000 characters|Invalid string length/,
    )
    const big = { big: 'x'.repeat(1_000_000) }
    assert.match(
      await refused({ text: '{{ big }}{{ big }}{{ big }}' }, big),
      /data: makes a text of more than 2000000 characters/,
    )
    assert.match(
      await refused({ text: '{% for i in (1..100000) %}{{ big }}{% endfor %}' }, big),
      /more than 2000000 characters/,
    )
    assert.match(
      await refused({ text: '{{ big | replace: "x", big }}' }, big),
      /limit exceeded|Invalid string length/,
    )
  })

  it('spread over many parts end as one does', async () => {
    const slow = '{% for a in (1..300) %}{% for b in (1..300) %}{% assign c = b %}{% endfor %}{% endfor %}x'
    const parts = { whatsappTemplate: 'x', whatsappLanguage: 'en', whatsappParameters: Array(32).fill(slow) }
    const made = publishAndFill(content({ en: parts }, { channel: 'whatsapp' }), {}, compiler)
    assert.match((await refusalOf(made)).join(), /limit exceeded/)
  })

  it('hidden in partials end in an error', async () => {
    const uses = [
      partial('a', '{% for i in (1..1000) %}{% render "b" %}{% endfor %}'),
      partial('b', '{% for i in (1..100000) %}x{% endfor %}'),
    ]
    const made = publishAndFill(emailContent('x', '{% render "a" %}'), {}, compiler, { uses })
    assert.match((await refusalOf(made)).join(), /limit exceeded|more than 2000000/)
  })

  it('of MJML and CSS end with their thread, and the next template is compiled', async () => {
    const impatient = createCompiler({ timeoutMs: 1 })
    const source = `<mjml><mj-body>${'<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>'.repeat(3000)}</mj-body></mjml>`
    const { errors } = await impatient.compile('mjml', source)
    assert.deepEqual(errors, [{ line: 0, message: 'takes more than 1 ms to compile' }])
    await impatient.close()
    assert.match(
      (await compiler.compile('html', '<style>p{color:red}</style><p>x</p>')).html,
      /style="color: red;"/,
    )
  })

  it('that are too large for the compilers are not handed to them', async () => {
    assert.match(
      await refused({ mjml: `<mjml><mj-body>${'x'.repeat(600_001)}</mj-body></mjml>` }),
      /more than 600000 characters/,
    )
  })
})

describe('data', () => {
  const fill = async (parts: Parts, data: Record<string, unknown>) => {
    const made = await publishAndFill(content({ en: parts }), data, compiler)
    assert.ok('email' in made)
    return made.email
  }

  it('cannot break the subject into headers, in any way of writing a line break', async () => {
    const { subject } = await fill(
      { subject: 'Hi {{ a }}{{ b }}{{ "%0d%0aX: y" | url_decode }}', text: 'x' },
      { a: 'Ada\r\nBcc: all@example.com', b: '\u2028\u0085x\u0000'.replace('\u0000', '\u0007') },
    )
    assert.equal(subject, 'Hi Ada Bcc: all@example.com x X: y')
    const refusedNul = await refusalOf(fill({ subject: '{{ "%00" | url_decode }}x', text: 'x' }, {}))
    assert.match(refusedNul.join(), /NUL/)
  })

  it('cannot make a subject of a megabyte', async () => {
    assert.deepEqual(await refusalOf(fill({ subject: '{{ a }}', text: 'x' }, { a: 'x'.repeat(1_000_000) })), [
      'data: makes the subject longer than 998 characters',
    ])
  })

  it('cannot write HTML, in text, in attributes or through filters', async () => {
    const evil = '"><script>alert(1)</script>'
    const { html } = await fill(
      {
        subject: 'x',
        html: '<a title="{{ a }}" href=\'{{ a }}\'>{{ a }}{{ a | upcase }}{{ a | append: "<" }}{{ list | join: "<" }}{% assign b = a %}{{ b }}{% capture c %}{{ a }}{% endcapture %}</a>',
      },
      { a: evil, list: ['<i>', '<b>'] },
    )
    assert.doesNotMatch(html, /<script|<SCRIPT|<i>|<b>|"">/)
  })

  it('is never run as a template, not even through MJML', async () => {
    const made = await fill(
      {
        subject: '{{ a }}',
        mjml: '<mjml><mj-body><mj-section><mj-column><mj-text>{{ a }}</mj-text></mj-column></mj-section></mj-body></mjml>',
      },
      { a: '{{ secret }}<mj-include path="/etc/passwd" />', secret: 'hidden' },
    )
    assert.equal(made.subject, '{{ secret }}<mj-include path="/etc/passwd" />')
    assert.doesNotMatch(made.html, /hidden|root:/)
  })

  it('shows nothing of JavaScript’s own', async () => {
    for (const path of [
      'a.constructor',
      'a.__proto__',
      'a.constructor.name',
      'list.constructor',
      's.constructor',
      'a["__proto__"]',
    ]) {
      assert.match(
        (await refusalOf(fill({ subject: 'x', text: `{{ ${path} }}` }, { a: {}, list: [], s: '' }))).join(),
        /not given/,
        path,
      )
    }
    const { text } = await fill(
      { subject: 'x', text: '{% assign __proto__ = "y" %}{{ list.size }}' },
      { list: [1] },
    )
    assert.equal(text, '1')
    assert.equal(({} as Record<string, unknown>).y, undefined)
  })
})
