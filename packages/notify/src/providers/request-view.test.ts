import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aMessage } from '../testing/outgoing.ts'
import { maskText, viewEndpointRequest, viewMail, viewServiceRequest } from './request-view.ts'
import type { ServiceField } from './service.ts'
import { services } from './services.ts'

const WORDS = 'Your code is 482 913, or follow https://acme.example/in/sEcr3t?x=1 now'
/** Any part of the code in its place, however it is written. The digits alone stand in ids and times as well, now and then. */
const LEAK = /(is|code)(\W|%20)*482|482(\W|%20)?913|913, or|sEcr3t/i

describe('what a provider was asked, redacted,', () => {
  it('has no codes and nothing that a link carries', () => {
    for (const leak of [WORDS, 'code+is+482', 'Code 482913', 'code%20is%20482', '•••••• 913, or']) {
      assert.match(leak, LEAK)
    }
    assert.equal(maskText(WORDS), 'Your code is ••••••, or follow https://acme.example/•••••• now')
    assert.equal(maskText('4829-13 in 2 days, room 101'), '•••••• in 2 days, room 101')
  })

  it('is shown for services of every channel, without a secret and without a code', async () => {
    let shown = 0
    for (const service of services.values()) {
      const { channel, fields } = service
      const settings = Object.fromEntries(
        Object.entries(fields)
          .filter(([, field]) => !field.secret)
          .map(([name, field]) => [name, settingOf(field)]),
      )
      const view = await viewServiceRequest(service, settings, {
        ...aMessage(channel),
        ...(channel === 'sms' || channel === 'email' || channel === 'chat' ? { text: WORDS } : {}),
      } as never)
      if (view === undefined) continue
      shown++
      assert.match(view, /^(POST|PUT) (https:\/\/|••••••)/, service.kind)
      assert.doesNotMatch(view, LEAK, service.kind)
      assert.doesNotMatch(view, /^(authorization|.*key|.*token.*): (?!••••••$|msg_)/im, service.kind)
    }
    assert.ok(shown >= 10, `${shown} services show what they ask`)
  })

  it('is a dialogue in short for mail servers, and JSON for endpoints of the project’s own', () => {
    const mail = viewMail(aMessage('email', { subject: 'Code 482913', text: WORDS }))
    assert.match(
      mail,
      /^MAIL FROM: Acme <hello@acme\.example>\nRCPT TO: ada@customer\.example\nSubject: Code ••••••\n/,
    )
    const endpoint = viewEndpointRequest(
      'https://gateway.acme.example/send',
      aMessage('sms', { text: WORDS }),
    )
    assert.match(endpoint, /^POST https:\/\/gateway\.acme\.example\/send\n/)
    assert.match(endpoint, /"to": "\+491701234567"/)
    assert.doesNotMatch(mail + endpoint, LEAK)
  })

  it('is cut where it is long', () => {
    const view = viewMail(aMessage('email', { text: 'word '.repeat(10_000) }))
    assert.ok(view.length <= 4_000 && view.endsWith('…'))
  })
})

function settingOf({ choices }: ServiceField): string {
  return choices?.[0] ?? 'acme'
}
