import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { createSealer, newId } from '@mainstay/kernel'
import { createFakeClock } from '@mainstay/kernel/testing'
import { createRecipientTokens, requireOwnRecipient } from './recipient-tokens.ts'

const NOW_MS = Date.parse('2030-01-31T09:00:00Z')
const grant = (changes: object = {}) => ({
  projectId: newId(),
  live: true,
  recipientId: 'ada@example.com',
  expireTime: new Date(NOW_MS + 60_000),
  ...changes,
})

describe('a recipient’s token', () => {
  const clock = createFakeClock(NOW_MS)
  const tokens = createRecipientTokens(createSealer(randomBytes(32)), clock)

  it('says project, mode and recipient, whatever the id is made of', () => {
    for (const recipientId of ['7', 'ada@example.com', 'Zoë 🦊 "quoted"', '\u{1F600}'.repeat(128)]) {
      for (const live of [true, false]) {
        const { projectId, ...rest } = grant({ recipientId, live })
        const caller = tokens.read(tokens.mint({ projectId, ...rest }))
        assert.partialDeepStrictEqual(caller, {
          kind: 'recipient',
          id: recipientId,
          projectId,
          testMode: !live,
        })
        assert.deepEqual([caller.scopes.size, caller.permissions.size], [0, 0])
      }
    }
  })

  it('is refused with any character of it changed, cut off or added', () => {
    const token = tokens.mint(grant())
    const invalid = { reason: 'access.recipient_token_invalid', code: 'unauthenticated' }
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === 'A' ? 'B' : 'A'
      assert.throws(() => tokens.read(token.slice(0, at) + other + token.slice(at + 1)), invalid)
      assert.throws(() => tokens.read(token.slice(0, at)), invalid)
    }
    for (const text of [
      `${token}A`,
      `${token}=`,
      `${token}.`,
      ` ${token}`,
      `inb_${'A'.repeat(2000)}`,
      'inb_',
      '',
    ])
      assert.throws(() => tokens.read(text), invalid)
  })

  it('is refused by an installation with another master key', () => {
    const others = createRecipientTokens(createSealer(randomBytes(32)), clock)
    assert.throws(() => others.read(tokens.mint(grant())), { reason: 'access.recipient_token_invalid' })
  })

  it('ends when it says, to the second', () => {
    const token = tokens.mint(grant({ expireTime: new Date(NOW_MS + 1000) }))
    tokens.read(token)
    clock.advance(1000)
    assert.throws(() => tokens.read(token), {
      reason: 'access.recipient_token_expired',
      code: 'unauthenticated',
    })
  })

  it('speaks for its recipient alone', () => {
    const caller = tokens.read(tokens.mint(grant()))
    assert.equal(requireOwnRecipient(caller, ''), 'ada@example.com')
    assert.equal(requireOwnRecipient(caller, 'ada@example.com'), 'ada@example.com')
    for (const other of ['bob', 'Ada@example.com', 'ada@example.com ', '*'])
      assert.throws(() => requireOwnRecipient(caller, other), {
        reason: 'access.recipient_mismatch',
        code: 'permission_denied',
      })
  })
})
