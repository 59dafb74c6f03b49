import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { KEY_LENGTH, keyPrefix, mintKey, parseKey } from './key-text.ts'
import { looksLikeToken, mintToken, sha256 } from './secrets.ts'

describe('the text of an API key', () => {
  test('says test or live, and carries the part that may be seen', () => {
    for (const live of [true, false]) {
      const key = mintKey(live)
      assert.match(key.text, live ? /^msk_live_[0-9A-Za-z]{61}$/ : /^msk_test_[0-9A-Za-z]{61}$/)
      assert.equal(key.text.length, KEY_LENGTH)
      assert.deepEqual(parseKey(key.text), { live, publicId: key.publicId })
      assert.ok(key.text.startsWith(keyPrefix(live, key.publicId)))
      assert.deepEqual(key.secretHash, sha256(key.text))
    }
  })

  test('what may be seen is no part of what is secret', () => {
    const keys = Array.from({ length: 200 }, () => mintKey(false))
    assert.equal(new Set(keys.map((key) => key.publicId)).size, 200)
    assert.equal(new Set(keys.map((key) => key.text.slice(21, 64))).size, 200)
  })

  test('every letter and digit is about equally likely', () => {
    const counts = new Map<string, number>()
    for (let index = 0; index < 2000; index++) {
      for (const letter of mintKey(false).text.slice(9, -6)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    // 110,000 letters over 62: 1,774 each, standard deviation 42. Eight of them either way.
    assert.equal(counts.size, 62)
    for (const [letter, count] of counts) assert.ok(Math.abs(count - 1774) < 340, `${letter}: ${count}`)
  })

  test('a typo, a swap or a cut is seen without asking the database', () => {
    const { text } = mintKey(true)
    fc.assert(
      fc.property(
        fc.integer({ min: 9, max: text.length - 1 }),
        fc.constantFrom(...'0aZ_-. ', ''),
        (at, letter) => {
          const typo = text.slice(0, at) + letter + text.slice(at + 1)
          if (typo !== text) assert.equal(parseKey(typo), undefined)
        },
      ),
    )
    const swapped = text.replace(/(.)(.)(.{6})$/, '$2$1$3')
    if (swapped !== text) assert.equal(parseKey(swapped), undefined)
    assert.equal(parseKey(text.replace('live', 'test')), undefined)
  })

  test('any other text is no key', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100, unit: 'binary' }), (text) => parseKey(text) === undefined),
    )
  })
})

test('tokens of links and sessions are told apart by their first letters', () => {
  const link = mintToken('msl').text
  assert.ok(looksLikeToken('msl', link))
  assert.ok(!looksLikeToken('mss', link))
  assert.ok(!looksLikeToken('msl', `${link}x`))
  assert.notEqual(mintToken('msl').text, link)
})
