import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { rewriteHtml } from './rewrite.ts'

const rewrite = (html: string): string =>
  rewriteHtml(html, {
    link: (url) => `https://t.example/c/${Buffer.from(url).toString('base64url')}`,
    pixel: undefined,
    isExempt: (url) => /unsubscribe/.test(url),
  })

const target = (html: string): string => {
  const token = /href="https:\/\/t\.example\/c\/([\w-]+)"/.exec(rewrite(html))?.[1] ?? ''
  return Buffer.from(token, 'base64url').toString()
}

describe('links of a mail', () => {
  it('are rewritten however the attribute is written, to what browsers would have followed', () => {
    for (const [html, url] of [
      ['<a href="https://a.example/x">x</a>', 'https://a.example/x'],
      ["<A HREF='https://a.example/?a=1&amp;b=2'>x</A>", 'https://a.example/?a=1&b=2'],
      ['<a href=https://a.example/x>x</a>', 'https://a.example/x'],
      ['<a class="b" href = "\n https://a.example/x ">x', 'https://a.example/x'],
      ['<map><area href="https://a.example/x"></map>', 'https://a.example/x'],
      ['<p><b><a href="https://a.example/x">mis<p>nested</b></a>', 'https://a.example/x'],
    ] as const) {
      assert.equal(target(html), url, html)
    }
  })

  it('are left alone where they are no web addresses, lead out of a list, or ask for it', () => {
    for (const html of [
      '<a href="mailto:ada@example.com">x</a>',
      '<a href="tel:+491701234567">x</a>',
      '<a href="#top">x</a>',
      '<a href="/relative">x</a>',
      '<a href="javascript:alert(1)">x</a>',
      '<a href="https://a.example/unsubscribe?u=1">x</a>',
      '<a href="https://a.example/x" data-track="false">x</a>',
      `<a href="https://a.example/${'x'.repeat(2000)}">x</a>`,
      '<a>x</a>',
      '<link href="https://a.example/style.css" rel="stylesheet">',
      '<img src="https://a.example/x.png">',
      '<!-- <a href="https://a.example/x">x</a> -->',
      '<style>a[href="https://a.example/x"]{color:red}</style>',
      '<textarea><a href="https://a.example/x">x</a></textarea>',
    ]) {
      assert.equal(rewrite(html), html)
    }
  })

  it('change nothing else: every other character stays as it was', () => {
    const html =
      '<!DOCTYPE html><html><head><title>A &amp; B</title></head><body bgcolor=white>\r\n<p>ünï <a  href="https://a.example/" title="&quot;">x</a></p><br></body></html>\n'
    const token = Buffer.from('https://a.example/').toString('base64url')
    assert.equal(rewrite(html), html.replace('"https://a.example/"', `"https://t.example/c/${token}"`))
  })

  it('may stand in any text: what is no link survives', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom('<a ', 'href=', '"', "'", '>', '</a>', '<b>', '&amp;', 'x', ' ', '<!--', '-->'),
        ),
        (parts) => {
          const html = parts.join('')
          assert.equal(rewrite(html), html)
        },
      ),
    )
  })
})

describe('the picture that tells of an opened mail', () => {
  const withPixel = (html: string) =>
    rewriteHtml(html, { link: undefined, pixel: 'https://t.example/o/abc.gif', isExempt: () => false })

  it('stands at the end of the body, or of what there is', () => {
    assert.match(
      withPixel('<html><body><p>x</p></body></html>'),
      /<p>x<\/p><img src="[^"]+\.gif"[^>]+><\/body><\/html>$/,
    )
    assert.match(
      withPixel('<p>x</p>'),
      /^<p>x<\/p><img src="https:\/\/t\.example\/o\/abc\.gif" [^>]+ alt=""[^>]*>$/,
    )
  })
})
