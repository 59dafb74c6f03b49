import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Identity } from '@mainstay/proto/identity/v1'
import { Accounts } from '@mainstay/proto/identity/v1/accounts'
import { Clients } from '@mainstay/proto/identity/v1/clients'
import { refusedWith, useIdentity } from './testing/harness.ts'

const house = useIdentity()
const { startOtp, resendOtp, verifyOtp, getMe, refreshSession, signOut, listMySessions, endMySession } =
  Identity.method

let numbers = 0
/** A phone number that no other test has. */
const newPhone = (): string => `+4915${String(100_000_000 + numbers++)}`
const start = async (clientId: string, phone: string, more: object = {}) =>
  await house.call(startOtp, { clientId, identifier: { case: 'phone', value: phone }, ...more })
const lastCode = (): string => house.sent.at(-1)?.code ?? ''

describe('signing in by a code', () => {
  test('makes an account the first time, and finds it the next', async () => {
    const { clientId } = await house.makeClient()
    const phone = newPhone()
    const first = await house.signIn(clientId, { phone })
    const again = await house.signIn(clientId, { phone })
    assert.equal(first.created, true)
    assert.equal(again.created, false)
    assert.equal(again.account?.accountId, first.account?.accountId)
    const me = await house.call(getMe, {}, { token: first.accessToken })
    assert.equal(me.accountId, first.account?.accountId)
    assert.equal(me.identifiers[0]?.value, phone)
    assert.ok(me.identifiers[0]?.verifyTime)
    assert.ok(house.published.some(({ name }) => name === 'identity.account_created'))
  })

  test('gives one phone number an account of each kind, and tells nobody that they are one person', async () => {
    const phone = newPhone()
    const customer = await house.signIn((await house.makeClient('customer')).clientId, { phone })
    const driver = await house.signIn((await house.makeClient('driver')).clientId, { phone })
    assert.notEqual(customer.account?.accountId, driver.account?.accountId)
    const [one, other] = await Promise.all(
      [customer, driver].map(({ account }) =>
        house.call(Accounts.method.getAccount, { accountId: account?.accountId ?? '' }),
      ),
    )
    assert.notEqual(one?.personId, other?.personId)
  })

  test('reads a code however a person types it', async () => {
    const { clientId } = await house.makeClient()
    const { challengeId } = await start(clientId, newPhone())
    const code = lastCode()
    const arabic = [...code].map((digit) => String.fromCodePoint(0x660 + Number(digit))).join('')
    const answer = await house.call(verifyOtp, {
      clientId,
      challengeId,
      code: ` ${arabic.slice(0, 3)}-${arabic.slice(3)} `,
    })
    assert.ok(answer.accessToken)
  })

  test('sends the same code again, at most five times in all', async () => {
    const { clientId } = await house.makeClient()
    const { challengeId } = await start(clientId, newPhone())
    const code = lastCode()
    await assert.rejects(
      house.call(resendOtp, { clientId, challengeId }),
      refusedWith('identity.otp_too_many_sends'),
    )
    for (let sends = 2; sends <= 5; sends++) {
      house.clock.advance(30_000)
      const challenge = await house.call(resendOtp, { clientId, challengeId })
      assert.equal(lastCode(), code)
      assert.equal(challenge.resendTime === undefined, sends === 5)
    }
    house.clock.advance(30_000)
    await assert.rejects(
      house.call(resendOtp, { clientId, challengeId }),
      refusedWith('identity.otp_too_many_sends'),
    )
    assert.ok((await house.call(verifyOtp, { clientId, challengeId, code })).accessToken)
  })

  test('lets a person have the code over another channel, of those that the kind allows', async () => {
    const { clientId } = await house
      .makeClient('chatty_kind_that_is_not_there')
      .catch(() => ({ clientId: '' }))
    assert.equal(clientId, '')
    await house.call(
      Clients.method.updateKind,
      { kind: { kind: 'chatty', phoneChannels: [1, 2] } },
      { token: house.liveKey },
    )
    const client = await house.makeClient('chatty')
    const challenge = await start(client.clientId, newPhone())
    assert.deepEqual(challenge.channels, [1, 2])
    house.clock.advance(30_000)
    await house.call(resendOtp, { clientId: client.clientId, challengeId: challenge.challengeId, channel: 2 })
    assert.equal(house.sent.at(-1)?.request.content.case, 'whatsapp')
    await assert.rejects(
      house.call(resendOtp, { clientId: client.clientId, challengeId: challenge.challengeId, channel: 3 }),
      refusedWith('identity.channel_not_allowed'),
    )
  })

  test('goes over WhatsApp by the template that the kind names, in the nearest of its languages', async () => {
    await house.call(
      Clients.method.updateKind,
      {
        kind: {
          kind: 'wa',
          phoneChannels: [2],
          whatsappTemplate: 'signin',
          whatsappLanguages: ['en_US', 'pt_BR', 'de'],
        },
      },
      { token: house.liveKey },
    )
    const { clientId } = await house.makeClient('wa')
    for (const [locale, language] of [
      ['pt-BR', 'pt_BR'],
      ['de-AT', 'de'],
      ['fr', 'en_US'],
    ] as const) {
      await start(clientId, newPhone(), { locale })
      const { content } = house.sent.at(-1)?.request ?? {}
      assert.ok(content?.case === 'whatsapp' && content.value.content.case === 'template')
      const { name, language: said, parameters } = content.value.content.value
      assert.deepEqual([name, said, parameters.length], ['signin', language, 1])
    }
  })

  test('may be a fixed one for test accounts, and never for live ones', async () => {
    await house.call(
      Clients.method.updateKind,
      { kind: { kind: 'reviewed', testCode: '424242' } },
      { token: house.liveKey },
    )
    const test = await house.makeClient('reviewed')
    const { challengeId } = await start(test.clientId, newPhone())
    const answer = await house.call(verifyOtp, { clientId: test.clientId, challengeId, code: '424 242' })
    assert.equal(answer.account?.test, true)
    const live = await house.call(
      Clients.method.createClient,
      { client: { kind: 'reviewed', displayName: 'Live' } },
      { token: house.liveKey },
    )
    const challenge = await start(live.clientId, newPhone())
    await assert.rejects(
      house.call(verifyOtp, { clientId: live.clientId, challengeId: challenge.challengeId, code: '424242' }),
      refusedWith('identity.code_wrong'),
      'by a chance of one in a million it is right',
    )
  })

  test('writes what browsers and Android fill in by themselves', async () => {
    const web = await house.makeClient('customer', { webOtpDomain: 'shop.example' })
    await start(web.clientId, newPhone())
    assert.match(house.sent.at(-1)?.text ?? '', new RegExp(`\\n\\n@shop\\.example #${lastCode()}$`))
    const android = await house.makeClient('customer', { smsRetrieverHash: 'FA+9qCX9VSu' })
    await start(android.clientId, newPhone(), { locale: 'de-AT' })
    assert.match(house.sent.at(-1)?.text ?? '', /ist dein Code .*\nFA\+9qCX9VSu$/s)
  })
})

describe('a session', () => {
  test('is refreshed, and the answer that was lost is given again', async () => {
    const { clientId } = await house.makeClient()
    const first = await house.signIn(clientId, { phone: newPhone() })
    const second = await house.call(refreshSession, { refreshToken: first.refreshToken })
    const lost = await house.call(refreshSession, { refreshToken: first.refreshToken })
    assert.equal(lost.refreshToken, second.refreshToken)
    const third = await house.call(refreshSession, { refreshToken: second.refreshToken })
    assert.notEqual(third.refreshToken, second.refreshToken)
    assert.ok(await house.call(getMe, {}, { token: third.accessToken }))
  })

  test('is shown to its owner, who ends it', async () => {
    const { clientId } = await house.makeClient()
    const phone = newPhone()
    const here = await house.signIn(clientId, { phone })
    const there = await house.signIn(clientId, { phone })
    const { sessions } = await house.call(listMySessions, {}, { token: here.accessToken })
    assert.deepEqual(
      sessions.map(({ sessionId, current }) => [sessionId, current]),
      [
        [there.sessionId, false],
        [here.sessionId, true],
      ],
    )
    await house.call(endMySession, { sessionId: there.sessionId }, { token: here.accessToken })
    house.advanceLease(1000)
    await assert.rejects(
      house.call(getMe, {}, { token: there.accessToken }),
      refusedWith('identity.session_ended'),
    )
    await assert.rejects(
      house.call(endMySession, { sessionId: there.sessionId }, { token: here.accessToken }),
      refusedWith('identity.session_not_found'),
    )
    await house.call(signOut, {}, { token: here.accessToken })
    await assert.rejects(
      house.call(refreshSession, { refreshToken: here.refreshToken }),
      refusedWith('identity.session_ended'),
    )
  })
})
