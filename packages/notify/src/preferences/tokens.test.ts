import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createPreferenceTokens, type PreferenceToken } from './tokens.ts'

const tokens = createPreferenceTokens(Buffer.alloc(32, 7))

const token: fc.Arbitrary<PreferenceToken> = fc.record({
  projectId: fc.uuid(),
  live: fc.boolean(),
  recipientId: fc.string({ minLength: 1, maxLength: 128, unit: 'grapheme' }),
  category: fc.option(fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,63}$|^$/)),
  messageId: fc.option(fc.uuid()),
})

describe('tokens of preferences', () => {
  it('say what was written into them, in letters that every mail program leaves alone', () => {
    fc.assert(
      fc.property(token, (one) => {
        const text = tokens.write(one)
        assert.match(text, /^[A-Za-z0-9_-]+$/)
        assert.deepEqual({ ...tokens.read(text) }, { ...one })
        assert.equal(tokens.write(one), text)
      }),
    )
  })

  it('are worth nothing when a letter is changed, added or missing, or when another key wrote them', () => {
    const strange = createPreferenceTokens(Buffer.alloc(32, 8))
    fc.assert(
      fc.property(token, fc.nat(), fc.constantFrom('A', 'B', '_'), (one, at, letter) => {
        const text = tokens.write(one)
        const place = at % text.length
        const changed = text.slice(0, place) + letter + text.slice(place + 1)
        if (changed !== text) assert.equal(tokens.read(changed), undefined)
        assert.equal(tokens.read(text.slice(0, -1)), undefined)
        assert.equal(tokens.read(`${text}A`), undefined)
        assert.equal(strange.read(text), undefined)
      }),
    )
  })

  it('are nothing else than what was written', () => {
    fc.assert(fc.property(fc.string(), (text) => tokens.read(text) === undefined))
    assert.equal(tokens.read('A'.repeat(100_000)), undefined)
  })
})
