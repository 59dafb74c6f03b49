import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { newId } from '@mainstay/kernel'
import fc from 'fast-check'
import { createTrackingTokens, isWebUrl, type TrackingToken } from './tokens.ts'

const tokens = createTrackingTokens(randomBytes(32))

const click = (url: string): TrackingToken => ({
  kind: 'click',
  projectId: newId(),
  messageId: newId(),
  url,
})

describe('a tracking token', () => {
  it('says what was written into it, and is the same every time', () => {
    const long = `https://shop.example/${'orders/'.repeat(100)}?utm_source=mail`
    for (const token of [
      click('https://shop.example/'),
      click('http://grüße.example/päth?q=ä&x=1#frag'),
      click(long),
      { ...click(''), kind: 'open' as const },
    ]) {
      assert.deepEqual(tokens.read(tokens.write(token)), token)
      assert.equal(tokens.write(token), tokens.write(token))
    }
    assert.ok(tokens.write(click(long)).length < 150, 'what repeats is packed')
  })

  it('is not believed when one character of it is changed, or missing, or added', () => {
    const text = tokens.write(click('https://shop.example/cart?item=42'))
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A'
      assert.equal(tokens.read(text.slice(0, at) + other + text.slice(at + 1)), undefined, `at ${at}`)
      assert.equal(tokens.read(text.slice(0, at)), undefined, `cut at ${at}`)
    }
    for (const more of ['A', '=', '.', '/', '%00', 'https://evil.example']) {
      assert.equal(tokens.read(text + more), undefined, more)
    }
  })

  it('of another installation, or spliced together from two, is not believed', () => {
    const other = createTrackingTokens(randomBytes(32))
    assert.equal(tokens.read(other.write(click('https://evil.example/'))), undefined)
    const [mine, theirs] = [click('https://shop.example/'), click('https://evil.example/')].map((token) =>
      Buffer.from(tokens.write(token), 'base64url'),
    ) as [Buffer, Buffer]
    const spliced = Buffer.concat([mine.subarray(0, 17), theirs.subarray(17)])
    assert.equal(tokens.read(spliced.toString('base64url')), undefined)
    const projectOfOther = Buffer.concat([theirs.subarray(0, 17), mine.subarray(17)])
    assert.equal(tokens.read(projectOfOther.toString('base64url')), undefined)
  })

  it('leads nowhere but to web addresses, even when we signed it ourselves', () => {
    for (const url of [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      'data:text/html,<script>alert(1)</script>',
      'file:///etc/passwd',
      '//evil.example/',
      '/\\evil.example',
      'https:\\\\evil.example',
      'https://shop.example/\r\nSet-Cookie: a=b',
      'https://shop.example/\u0000',
      ' https://shop.example/',
      'https://',
      '',
    ]) {
      assert.equal(tokens.read(tokens.write(click(url))), undefined, JSON.stringify(url))
      assert.equal(isWebUrl(url), false, JSON.stringify(url))
    }
  })

  it('may be any text from outside: nothing is thrown, nothing is believed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        assert.equal(tokens.read(text), undefined)
      }),
    )
    assert.equal(tokens.read('A'.repeat(1_000_000)), undefined)
  })
})
