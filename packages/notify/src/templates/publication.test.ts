import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import type { EmailBody, InlineContent } from '../rendering.ts'
import { content, emailContent, partial, publishAndFill, refusalOf } from '../testing/templates.ts'
import { createCompiler } from './compiler.ts'

const compiler = createCompiler()
after(() => compiler.close())

const fill = (
  ...args: Parameters<typeof publishAndFill> extends [infer A, infer B, ...unknown[]] ? [A, B] : never
) => publishAndFill(...args, compiler)

function emailOf(made: InlineContent): EmailBody {
  assert.ok('email' in made)
  return made.email
}

const mjml = (body: string, head = '') => `<mjml>${head}<mj-body>${body}</mj-body></mjml>`

describe('MJML', () => {
  it('becomes HTML that is filled, with its values escaped', async () => {
    const source = mjml(
      '<mj-section><mj-column><mj-text>Hello {{ name }}</mj-text><mj-button href="{{ url }}">Go</mj-button></mj-column></mj-section>',
    )
    const made = emailOf(
      await fill(content({ en: { subject: 'Hi', mjml: source } }), {
        name: '<i>Ada</i>',
        url: 'https://a.example/?a=1&b=2',
      }),
    )
    assert.match(made.html, /^<!doctype html>/i)
    assert.match(made.html, /Hello &lt;i&gt;Ada&lt;\/i&gt;/)
    assert.match(made.html, /href="https:\/\/a\.example\/\?a=1&amp;b=2"/)
    assert.match(made.text, /Hello <i>Ada<\/i>/)
  })

  it('fetches nothing that its author did not ask for', async () => {
    const made = emailOf(
      await fill(
        content({
          en: {
            subject: 'Hi',
            mjml: mjml('<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>'),
          },
        }),
        {},
      ),
    )
    assert.doesNotMatch(made.html, /fonts\.googleapis/)
  })

  it('is validated strictly, with the line of what is wrong', async () => {
    const source = mjml('\n<mj-section><mj-column>\n<mj-nope>{{ a }}</mj-nope></mj-column></mj-section>')
    assert.deepEqual(await refusalOf(fill(content({ en: { subject: 'Hi', mjml: source } }), {})), [
      "parts.en.mjml: Element mj-nope doesn't exist or is not registered, line:3, col:1",
    ])
  })

  it('reads no files, by mj-include or otherwise', async () => {
    const source = mjml('\n<mj-include path="/etc/passwd" type="html" />')
    assert.deepEqual(await refusalOf(fill(content({ en: { subject: 'Hi', mjml: source } }), {})), [
      'parts.en.mjml: <mj-include> is switched off: store a partial and write {% include "name" %}, line:2, col:1',
    ])
    const hidden = mjml('{% include "evil" %}')
    const uses = [partial('evil', '<MJ-INCLUDE path="./package.json" />')]
    const refused = await refusalOf(
      publishAndFill(content({ en: { subject: 'Hi', mjml: hidden } }), {}, compiler, { uses }),
    )
    assert.match(refused.join(), /mj-include> is switched off/)
  })

  it('refuses a tag where MJML would drop it without a word', async () => {
    const source = mjml(
      '\n<mj-section>{% if a %}<mj-column><mj-text>x</mj-text></mj-column>{% endif %}</mj-section>',
    )
    const refused = await refusalOf(fill(content({ en: { subject: 'Hi', mjml: source } }), {}))
    assert.equal(refused.length, 2)
    assert.match(
      refused[0] ?? '',
      /^parts\.en\.mjml: \{% if a %\} stands between MJML elements.*line:2, col:13$/,
    )
  })

  it('is repeated by tags in mj-raw', async () => {
    const source = mjml(
      '<mj-raw>{% for x in xs %}</mj-raw><mj-section><mj-column><mj-text>{{ x }}!</mj-text></mj-column></mj-section><mj-raw>{% endfor %}</mj-raw>',
    )
    const made = emailOf(await fill(content({ en: { subject: 'Hi', mjml: source } }), { xs: ['a', 'b'] }))
    assert.match(made.html, /a![\s\S]*b!/)
  })

  it('is composed with a layout and partials that are MJML themselves', async () => {
    const layout = partial(
      'base',
      mjml(
        '<mj-section><mj-column>{% block content %}{% endblock %}{% include "foot" %}</mj-column></mj-section>',
      ),
      { kind: TemplateKind.LAYOUT },
    )
    const uses = [layout, partial('foot', '<mj-text>Bye {{ name }}</mj-text>')]
    const source = '{% layout "base" %}{% block content %}<mj-text>Hello {{ name }}</mj-text>{% endblock %}'
    const made = emailOf(
      await publishAndFill(content({ en: { subject: 'Hi', mjml: source } }), { name: 'Ada' }, compiler, {
        uses,
      }),
    )
    assert.match(made.html, /Hello Ada[\s\S]*Bye Ada/)
  })
})

describe('style sheets', () => {
  it('are written into the elements; what cannot stand there stays', async () => {
    const html =
      '<style>p { color: {{ brand }} } @media (max-width: 1px) { p { color: red } }</style><table>{% for x in xs %}<tr><td><p>{{ x }}</p></td></tr>{% endfor %}</table>'
    const made = emailOf(await fill(emailContent('Hi', '', html), { brand: 'teal', xs: ['a', 'b<'] }))
    assert.equal(made.html.match(/<p style="color: teal;">/g)?.length, 2)
    assert.match(made.html, /@media/)
    assert.match(made.html, /b&lt;/)
  })

  it('leave HTML without them as it was written', async () => {
    const html = '<P CLASS=x>{{ a }}<br>&nbsp;{% if a > 1 %}more{% endif %}'
    const made = emailOf(await fill(emailContent('Hi', '', html), { a: 2 }))
    assert.equal(made.html, '<P CLASS=x>2<br>&nbsp;more')
  })

  it('cannot hide rules behind tags', async () => {
    const html = '<style>{% if dark %}p { color: white }{% endif %}</style><p>x</p>'
    const refused = await refusalOf(fill(emailContent('Hi', '', html), { dark: true }))
    assert.match(refused.join(), /stands between the rules of a style sheet/)
  })
})

describe('layouts and partials', () => {
  const letter = (source: string) => content({ en: { subject: 'Hi', html: source } })

  it('stand around and in a template, by name', async () => {
    const uses = [
      partial(
        'base',
        '<main>{% block content %}nothing{% endblock %}</main>{% render "foot", year: 2026 %}',
        {
          kind: TemplateKind.LAYOUT,
        },
      ),
      partial('foot', '<p>{{ year }} {{ "by" | t }}</p>', { messages: { en: { by: 'by us' } } }),
    ]
    const made = emailOf(
      await publishAndFill(
        letter('{% layout "base" %}{% block content %}{{ x }}{% endblock %}'),
        { x: '<' },
        compiler,
        {
          uses,
        },
      ),
    )
    assert.equal(made.html, '<main>&lt;</main><p>2026 by us</p>')
  })

  it('are refused when they are not there, or named by the data', async () => {
    assert.deepEqual(await refusalOf(fill(letter('{% render "gone" %}'), {})), [
      'uses.gone: is no published layout or partial of this project',
    ])
    assert.match(
      (await refusalOf(fill(letter('{% liquid\nrender which %}'), { which: 'x' }))).join(),
      /write the name in quotes/,
    )
    assert.deepEqual(await refusalOf(fill(letter('{% include "constructor" %}'), {})), [
      'uses.constructor: is no published layout or partial of this project',
    ])
  })

  it('are refused when they go in a circle', async () => {
    const uses = [partial('a', '{% render "b" %}'), partial('b', '{% if x %}{% include "a" %}{% endif %}')]
    assert.deepEqual(await refusalOf(publishAndFill(letter('{% render "a" %}'), {}, compiler, { uses })), [
      'uses.a: names itself: a → b → a',
    ])
    const itself = await refusalOf(
      publishAndFill(letter('{% render "test" %}'), {}, compiler, { uses: [partial('test', 'x')] }),
    )
    assert.deepEqual(itself, ['uses.test: names itself: test → test'])
  })

  it('are refused when they are too deep or too many', async () => {
    const deep = Array.from({ length: 12 }, (_, i) =>
      partial(`p${i}`, i < 11 ? `{% render "p${i + 1}" %}` : 'x'),
    )
    assert.match(
      (await refusalOf(publishAndFill(letter('{% render "p0" %}'), {}, compiler, { uses: deep }))).join(),
      /named more than 8 deep/,
    )
    const many = Array.from({ length: 60 }, (_, i) => partial(`p${i}`, 'x'))
    const all = many.map(({ name }) => `{% render "${name}" %}`).join('')
    assert.match(
      (await refusalOf(publishAndFill(letter(all), {}, compiler, { uses: many }))).join(),
      /more than 50 layouts and partials/,
    )
  })

  it('that branch at every step are walked in no time', async () => {
    const branching = Array.from({ length: 8 }, (_, i) =>
      partial(`p${i}`, i < 7 ? Array.from({ length: 40 }, () => `{% render "p${i + 1}" %}`).join('') : 'x'),
    )
    const error = await refusalOf(
      publishAndFill(letter('{% render "p0" %}'), {}, compiler, { uses: branching }),
    )
    assert.match(error.join(), /limit exceeded/)
  })
})

describe('the other channels', () => {
  it('are filled in their own shape, as plain text', async () => {
    const data = { name: '<Ada>', id: 7, nl: 'a\nb' }
    assert.deepEqual(await fill(content({ en: { text: 'Hi {{ name }}' } }, { channel: 'sms' }), data), {
      sms: { text: 'Hi <Ada>' },
    })
    assert.deepEqual(await fill(content({ en: { text: '*{{ name }}*' } }, { channel: 'chat' }), data), {
      chat: { text: '*<Ada>*' },
    })
    assert.deepEqual(
      await fill(
        content(
          { en: { title: 'T {{ nl }}', body: 'B {{ name }}', actionUrl: 'https://a.example/{{ id }}' } },
          { channel: 'push' },
        ),
        data,
      ),
      {
        push: {
          title: 'T a b',
          body: 'B <Ada>',
          actionUrl: 'https://a.example/7',
          data: {},
          imageUrl: '',
          collapseKey: '',
        },
      },
    )
    const approved = {
      whatsappTemplate: 'order',
      whatsappLanguage: 'en_US',
      whatsappParameters: ['{{ id }}', '{{ nl }}'],
    }
    assert.deepEqual(await fill(content({ en: approved }, { channel: 'whatsapp' }), data), {
      whatsapp: { template: 'order', language: 'en_US', parameters: ['7', 'a b'] },
    })
    assert.deepEqual(await fill(content({ en: { text: 'Hi {{ id }}' } }, { channel: 'whatsapp' }), data), {
      whatsapp: { text: 'Hi 7' },
    })
  })

  it('refuse parts that are not theirs and miss those that are', async () => {
    assert.deepEqual(
      await refusalOf(fill(content({ en: { subject: 'x', html: 'y' } }, { channel: 'sms' }), {})),
      [
        'parts.en.subject: is not used here: text are',
        'parts.en.html: is not used here: text are',
        'parts.en.text: must not be empty',
      ],
    )
    assert.deepEqual(await refusalOf(fill(content({ en: { title: 'x' } }, { channel: 'push' }), {})), [
      'parts.en.body: must not be empty',
    ])
    assert.deepEqual(await refusalOf(fill(content({ en: { subject: 'x', html: 'y', mjml: 'z' } }), {})), [
      'parts.en.mjml: must be empty where there is HTML: it makes the HTML itself',
    ])
    assert.deepEqual(
      await refusalOf(
        fill(content({ en: { whatsappTemplate: 'x', text: 'y' } }, { channel: 'whatsapp' }), {}),
      ),
      [
        'parts.en.whatsappLanguage: must not be empty',
        'parts.en.text: must be empty where an approved template is named',
      ],
    )
    assert.deepEqual(
      await refusalOf(fill(content({ de: { text: 'x' } }, { channel: 'sms', defaultLocale: 'en' }), {})),
      ['parts: must say something in the default locale, en'],
    )
  })

  it('refuse what a provider would', async () => {
    const push = (actionUrl: string) => content({ en: { body: 'x', actionUrl } }, { channel: 'push' })
    assert.match(
      (await refusalOf(fill(push('{{ u }}'), { u: 'javascript:alert(1)' }))).join(),
      /cannot be opened/,
    )
    assert.match((await refusalOf(fill(push('{{ u }}'), { u: 'nowhere' }))).join(), /cannot be opened/)
    assert.deepEqual(
      await fill(push('myapp://orders/{{ u }}'), { u: 1 }).then(
        (made) => 'push' in made && made.push.actionUrl,
      ),
      'myapp://orders/1',
    )
    const sms = content({ en: { text: '{{ x }}' } }, { channel: 'sms' })
    assert.deepEqual(await refusalOf(fill(sms, { x: 'x'.repeat(1601) })), [
      'data: makes the text longer than 1600 characters',
    ])
    assert.deepEqual(await refusalOf(fill(sms, { x: ' ' })), ['data: leaves the text empty'])
  })
})
