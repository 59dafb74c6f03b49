import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { smsSegments } from './segments.ts'

describe('segments of an SMS', () => {
  test('are 160 septets alone and 153 each together', () => {
    for (const [length, segments] of [
      [0, 1],
      [160, 1],
      [161, 2],
      [306, 2],
      [307, 3],
      [459, 3],
      [460, 4],
    ] as const) {
      assert.deepEqual(smsSegments('a'.repeat(length)), { encoding: 'gsm7', segments }, String(length))
    }
  })

  test('are 70 UTF-16 units alone and 67 each together, once a character is outside the GSM alphabet', () => {
    for (const [length, segments] of [
      [1, 1],
      [70, 1],
      [71, 2],
      [134, 2],
      [135, 3],
    ] as const) {
      assert.deepEqual(smsSegments('я'.repeat(length)), { encoding: 'ucs2', segments }, String(length))
    }
    assert.deepEqual(smsSegments(`${'a'.repeat(70)}’`), { encoding: 'ucs2', segments: 2 })
  })

  test('count the characters of the extension table twice, and never cut one in two', () => {
    assert.equal(smsSegments('€'.repeat(80)).segments, 1)
    assert.equal(smsSegments('€'.repeat(81)).segments, 2)
    // 152 septets and an escape that no longer fits: 76 a segment, not 76.5.
    assert.equal(smsSegments('€'.repeat(152)).segments, 2)
    assert.equal(smsSegments('€'.repeat(153)).segments, 3)
    assert.equal(smsSegments('[]{}^~|\\\f').encoding, 'gsm7')
    assert.equal(smsSegments('`').encoding, 'ucs2')
    assert.equal(smsSegments('ç').encoding, 'ucs2')
    assert.equal(smsSegments('Ç').encoding, 'gsm7')
  })

  test('hold emoji whole', () => {
    assert.equal(smsSegments('😀'.repeat(35)).segments, 1)
    assert.equal(smsSegments('😀'.repeat(36)).segments, 2)
    assert.equal(smsSegments('😀'.repeat(66)).segments, 2)
    assert.equal(smsSegments('😀'.repeat(67)).segments, 3)
  })

  test('are never fewer for a longer text, and never more than its units need at the worst', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 400 })
    fc.assert(
      fc.property(texts, texts, (text, more) => {
        const { encoding, segments } = smsSegments(text)
        assert.ok(smsSegments(text + more).segments >= segments)
        const units = encoding === 'ucs2' ? text.length : text.length * 2
        const [alone, each] = encoding === 'ucs2' ? [70, 66] : [160, 152]
        assert.ok(segments <= Math.max(1, Math.ceil(units / each)))
        assert.ok(segments * alone >= text.length)
      }),
    )
  })
})
