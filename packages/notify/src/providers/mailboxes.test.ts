import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatMailbox, parseMailbox } from './mailboxes.ts'

describe('a mailbox', () => {
  test('is written plain where it can be, and in quotes where it has to be', () => {
    const address = 'hello@acme.example'
    assert.equal(formatMailbox({ name: '', address }), address)
    assert.equal(formatMailbox({ name: 'Acme Größe', address }), `Acme Größe <${address}>`)
    assert.equal(formatMailbox({ name: 'Acme, Inc.', address }), `"Acme, Inc." <${address}>`)
    assert.equal(formatMailbox({ name: 'A "b" \\', address }), `"A \\"b\\" \\\\" <${address}>`)
  })

  test('never becomes another one by how it is written', () => {
    const name = fc.string({ unit: fc.constantFrom(...'ab ,;:<>@"\\()[]=?é漢'), maxLength: 20 })
    fc.assert(
      fc.property(name, (text) => {
        const written = formatMailbox({ name: text.trim(), address: 'hello@acme.example' })
        assert.equal(parseMailbox(written)?.address, 'hello@acme.example', written)
      }),
    )
  })
})
