import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { content, publishAndFill, refusalOf } from '../testing/templates.ts'
import { createCompiler } from './compiler.ts'
import { checkMessages, createTranslator } from './icu-messages.ts'
import { localeChain } from './locales.ts'

const compiler = createCompiler()
after(() => compiler.close())

describe('sentences', () => {
  it('follow the plural rules of their own language', () => {
    const catalogs = {
      en: { n: '{n, plural, one {# item} other {# items}}' },
      pl: { n: '{n, plural, one {# plik} few {# pliki} many {# plików} other {# pliku}}' },
      ar: { n: '{n, plural, zero {zero} one {one} two {two} few {few} many {many} other {other}}' },
      ja: { n: '{n, plural, other {#個}}' },
    }
    const say = (locale: string, n: number) => createTranslator([locale], catalogs).say('n', { n })
    assert.deepEqual(
      [1, 2].map((n) => say('en', n)),
      ['1 item', '2 items'],
    )
    assert.deepEqual(
      [1, 3, 5, 1.5].map((n) => say('pl', n)),
      ['1 plik', '3 pliki', '5 plików', '1,5 pliku'],
    )
    assert.deepEqual(
      [0, 1, 2, 3, 11, 100].map((n) => say('ar', n)),
      ['zero', 'one', 'two', 'few', 'many', 'other'],
    )
    assert.deepEqual(
      [1, 5].map((n) => say('ja', n)),
      ['1個', '5個'],
    )
  })

  it('select, order and format as their language does', () => {
    const translator = createTranslator(['fr'], {
      fr: {
        her: '{who, select, female {Elle est arrivée} male {Il est arrivé} other {Arrivé·e}}',
        rank: '{n, selectordinal, one {#er} other {#e}}',
        sum: '{n, number}',
        day: 'le {d, date, long} à {d, time, short}',
      },
    })
    assert.equal(translator.say('her', { who: 'female' }), 'Elle est arrivée')
    assert.equal(translator.say('rank', { n: 1 }), '1er')
    assert.equal(translator.say('sum', { n: 1234.5 }).replace(/\s/g, ' '), '1 234,5')
    assert.equal(translator.say('day', { d: '2026-05-03T23:30:00Z' }), 'le 3 mai 2026 à 23:30')
  })

  it('that are wrong are told by their path, and markup in them is text', () => {
    const violations = checkMessages({ de: { a: '{n, plural, one {x}}', b: '{', c: '<b>{n}</b> & <i' } })
    assert.deepEqual(
      violations.map(({ field }) => field),
      ['messages.de.a', 'messages.de.b'],
    )
    assert.equal(
      createTranslator(['de'], { de: { c: '<b>{n}</b> & <i' } }).say('c', { n: 1 }),
      '<b>1</b> & <i',
    )
  })

  it('cannot be asked for by the names of JavaScript’s own', () => {
    assert.equal(createTranslator(['en'], { en: {} }).has('constructor'), false)
    assert.throws(() => createTranslator(['en'], { en: {} }).say('toString', {}), {
      field: 'messages.en.toString',
    })
  })
})

describe('locales', () => {
  it('fall back to wider ones and then to the default', () => {
    assert.deepEqual(localeChain('pt-br', 'en'), ['pt-BR', 'pt', 'en'])
    assert.deepEqual(localeChain('zh-Hant-TW', 'en-GB'), ['zh-Hant-TW', 'zh-Hant', 'zh', 'en-GB', 'en'])
    assert.deepEqual(localeChain('de-u-co-phonebk', 'de'), ['de-u-co-phonebk', 'de-u-co', 'de'])
    assert.deepEqual(localeChain('', 'en'), ['en'])
    assert.deepEqual(localeChain('not a locale', 'en'), ['en'])
  })

  const cart = content(
    {
      en: { subject: 'Cart', html: '<p>{{ "cart" | t: n: count }}</p>' },
      pt: { subject: 'Carrinho', html: '<p>{{ "cart" | t: n: count }} {{ "bye" | t }}</p>' },
    },
    {
      messages: {
        en: { cart: '{n, plural, one {# item} other {# items}}', bye: 'Bye' },
        pt: { cart: '{n, plural, one {# item} other {# itens}}' },
        'pt-BR': { cart: '{n, plural, one {# treco} other {# trecos}}' },
      },
    },
  )
  const html = async (locale: string, count: unknown = 2) => {
    const made = await publishAndFill(cart, { count }, compiler, { locale })
    return 'email' in made ? `${made.email.subject}: ${made.email.html}` : ''
  }

  it('choose parts and each sentence on its own', async () => {
    assert.equal(await html(''), 'Cart: <p>2 items</p>')
    assert.equal(await html('pt-BR'), 'Carrinho: <p>2 trecos Bye</p>')
    assert.equal(await html('pt-PT'), 'Carrinho: <p>2 itens Bye</p>')
    assert.equal(await html('pt'), 'Carrinho: <p>2 itens Bye</p>')
    assert.equal(await html('de-AT'), 'Cart: <p>2 items</p>')
  })

  it('escape what sentences are filled with, and t_html lets only the sentence be markup', async () => {
    const template = content(
      {
        en: {
          subject: '{{ "hi" | t: name: name }}',
          html: '{{ "hi" | t: name: name }}|{{ "rich" | t_html: name: name }}',
        },
      },
      { messages: { en: { hi: '<b>{name}', rich: '<b>{name}</b>' } } },
    )
    const made = await publishAndFill(template, { name: '<script>' }, compiler)
    assert.ok('email' in made)
    assert.equal(made.email.html, '&lt;b&gt;&lt;script&gt;|<b>&lt;script&gt;</b>')
    assert.equal(made.email.subject, '<b><script>')
  })

  it('refuse a sentence that is not there, at publication and at sending', async () => {
    const text = (source: string) =>
      content({ en: { text: source } }, { channel: 'sms', messages: { en: { a: '{x}' } } })
    assert.deepEqual(await refusalOf(publishAndFill(text('Hi\n {{ "gone" | t }}'), {}, compiler)), [
      'parts.en.text: says "gone", which messages have neither in en, line:2, col:5',
    ])
    assert.deepEqual(await refusalOf(publishAndFill(text('{{ key | t }}'), { key: 'gone' }, compiler)), [
      'messages.en.gone: is used by the template and not there in en, line:1, col:1',
    ])
    assert.deepEqual(
      await refusalOf(publishAndFill(text('{{ "a" | t: x: order.id }}'), { order: {} }, compiler)),
      ['data.order.id: is used by the template and not given'],
    )
    assert.deepEqual(await refusalOf(publishAndFill(text('{{ "a" | t }}'), {}, compiler)), [
      'messages.en.a: asks for x, which `t` does not give, line:1, col:1',
    ])
  })
})
