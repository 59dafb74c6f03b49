import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Identity, OtpPurpose } from '@mainstay/proto/identity/v1'
import { Accounts } from '@mainstay/proto/identity/v1/accounts'
import { Clients } from '@mainstay/proto/identity/v1/clients'
import { refusedWith, useIdentity } from '../testing/harness.ts'

const house = useIdentity()
const { startOtp, resendOtp, verifyOtp } = Identity.method

let numbers = 0
const newPhone = (): string => `+4916${String(100_000_000 + numbers++)}`

async function start(clientId: string, phone: string, deviceToken = '') {
  const { challengeId, codeLength } = await house.call(startOtp, {
    clientId,
    identifier: { case: 'phone', value: phone },
    device: { deviceToken },
  })
  return { challengeId, codeLength, code: house.sent.at(-1)?.code ?? '' }
}

const wrong = (code: string): string => (code.startsWith('0') ? '1' : '0') + code.slice(1)
const reasonOf = (error: unknown): string => (error as { reason?: string }).reason ?? String(error)

/** How many of calls at once ended how. */
async function tally(calls: Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const settled of await Promise.allSettled(calls)) {
    const outcome = settled.status === 'fulfilled' ? 'ok' : reasonOf(settled.reason)
    counts[outcome] = (counts[outcome] ?? 0) + 1
  }
  return counts
}

describe('attacks on codes', () => {
  test('50 parallel wrong codes: five are compared', async () => {
    const { clientId } = await house.makeClient()
    const { challengeId, code } = await start(clientId, newPhone())
    const tries = Array.from({ length: 50 }, () =>
      house.call(verifyOtp, { clientId, challengeId, code: wrong(code) }),
    )
    assert.deepEqual(await tally(tries), { 'identity.code_wrong': 5, 'identity.challenge_invalid': 45 })
    await assert.rejects(
      house.call(verifyOtp, { clientId, challengeId, code }),
      refusedWith('identity.challenge_invalid'),
      'the right code is not looked at any more',
    )
  })

  test('50 parallel right codes: one wins', async () => {
    const { clientId } = await house.makeClient()
    const { challengeId, code } = await start(clientId, newPhone())
    const tries = Array.from({ length: 50 }, () => house.call(verifyOtp, { clientId, challengeId, code }))
    assert.deepEqual(await tally(tries), { ok: 1, 'identity.challenge_invalid': 49 })
  })

  test('50 parallel first sign-ins of one person: one account', async () => {
    const { clientId } = await house.makeClient()
    const phone = newPhone()
    const challenges = []
    for (let index = 0; index < 5; index++) challenges.push(await start(clientId, phone))
    const answers = await Promise.all(
      challenges.map(({ challengeId, code }) => house.call(verifyOtp, { clientId, challengeId, code })),
    )
    assert.equal(new Set(answers.map(({ account }) => account?.accountId)).size, 1)
    assert.equal(answers.filter(({ created }) => created).length, 1)
  })

  test('replay: a code that was used is used up', async () => {
    const { clientId } = await house.makeClient()
    const { challengeId, code } = await start(clientId, newPhone())
    await house.call(verifyOtp, { clientId, challengeId, code })
    await assert.rejects(
      house.call(verifyOtp, { clientId, challengeId, code }),
      refusedWith('identity.challenge_invalid'),
    )
  })

  test('a code that has expired is worth nothing', async () => {
    const { clientId } = await house.makeClient()
    const { challengeId, code } = await start(clientId, newPhone())
    house.clock.advance(600_000)
    await assert.rejects(
      house.call(verifyOtp, { clientId, challengeId, code }),
      refusedWith('identity.challenge_invalid'),
    )
  })

  test('code from another challenge, app or kind is worth nothing', async () => {
    const phone = newPhone()
    const customers = await house.makeClient('customer')
    const drivers = await house.makeClient('driver')
    const mine = await start(customers.clientId, phone)
    const other = await start(drivers.clientId, phone)
    assert.notEqual(mine.code, other.code, 'by a chance of one in a million they are the same')
    await assert.rejects(
      house.call(verifyOtp, { clientId: drivers.clientId, challengeId: other.challengeId, code: mine.code }),
      refusedWith('identity.code_wrong'),
    )
    await assert.rejects(
      house.call(verifyOtp, { clientId: drivers.clientId, challengeId: mine.challengeId, code: mine.code }),
      refusedWith('identity.challenge_invalid'),
    )
    const sameKind = await house.makeClient('customer')
    await assert.rejects(
      house.call(verifyOtp, { clientId: sameKind.clientId, challengeId: mine.challengeId, code: mine.code }),
      refusedWith('identity.challenge_invalid'),
    )
  })

  test('resend to reset the budget: neither a resend nor a new code gives new guesses', async () => {
    const { clientId } = await house.makeClient()
    const phone = newPhone()
    const outcomes: Record<string, number> = {}
    for (let round = 0; round < 6; round++) {
      house.clock.advance(3_600_000)
      const { challengeId, code, codeLength } = await start(clientId, phone)
      assert.equal(codeLength, round < 4 ? 6 : 10, `round ${round}`)
      for (let guess = 0; guess < 5; guess++) {
        if (guess === 2) {
          house.clock.advance(30_000)
          await house.call(resendOtp, { clientId, challengeId })
        }
        const found = await tally([house.call(verifyOtp, { clientId, challengeId, code: wrong(code) })])
        if (codeLength === 6) for (const key of Object.keys(found)) outcomes[key] = (outcomes[key] ?? 0) + 1
      }
    }
    assert.deepEqual(outcomes, { 'identity.code_wrong': 20 }, 'guesses at six digits in a day')
  })

  test('guesses spread over many challenges at once stay within the budget', async () => {
    const { clientId } = await house.makeClient()
    const phone = newPhone()
    const challenges = []
    for (let index = 0; index < 8; index++) challenges.push(await start(clientId, phone))
    const tries = challenges.flatMap(({ challengeId, code }) =>
      Array.from({ length: 5 }, () => house.call(verifyOtp, { clientId, challengeId, code: wrong(code) })),
    )
    const counts = await tally(tries)
    assert.equal(counts['identity.code_wrong'], 20)
    assert.equal(counts['identity.challenge_invalid'], 20)
  })

  test('targeted lockout of a victim: from the own device nothing changes, from a new one the code is longer', async () => {
    const { clientId } = await house.makeClient()
    const phone = newPhone()
    const known = await house.signIn(clientId, { phone })
    for (let round = 0; round < 4; round++) {
      const { challengeId, code } = await start(clientId, phone)
      for (let guess = 0; guess < 5; guess++) {
        await tally([house.call(verifyOtp, { clientId, challengeId, code: wrong(code) })])
      }
    }
    const own = await start(clientId, phone, known.deviceToken)
    assert.equal(own.codeLength, 6)
    assert.ok((await house.call(verifyOtp, { clientId, ...pick(own) })).accessToken)
    const fresh = await start(clientId, phone)
    assert.equal(fresh.codeLength, 10)
    const answer = await house.call(verifyOtp, { clientId, ...pick(fresh) })
    assert.equal(answer.account?.accountId, known.account?.accountId)
    assert.equal((await start(clientId, phone)).codeLength, 6, 'who proved to be the owner begins anew')
  })

  test('a stolen device token is worth nothing for somebody else', async () => {
    const { clientId } = await house.makeClient()
    const thief = await house.signIn(clientId, { phone: newPhone() })
    const victim = newPhone()
    for (let round = 0; round < 4; round++) {
      const { challengeId, code } = await start(clientId, victim, thief.deviceToken)
      for (let guess = 0; guess < 5; guess++) {
        await tally([house.call(verifyOtp, { clientId, challengeId, code: wrong(code) })])
      }
    }
    assert.equal((await start(clientId, victim, thief.deviceToken)).codeLength, 10)
  })

  test('phone-format variants are one number; Unicode digits and a homoglyph @ are refused', async () => {
    const { clientId } = await house.makeClient()
    const first = await house.signIn(clientId, { phone: '+49 (0)170 12 34-567' })
    const again = await house.signIn(clientId, { phone: '+491701234567' })
    assert.equal(again.account?.accountId, first.account?.accountId)
    const upper = await house.signIn(clientId, { email: 'Ada@EXAMPLE.com' })
    const lower = await house.signIn(clientId, { email: 'ada@example.com' })
    assert.equal(lower.account?.accountId, upper.account?.accountId)
    const strange = [
      { case: 'phone' as const, value: '+٤٩١٧٠١٢٣٤٥٦٧' },
      { case: 'phone' as const, value: '０１７０１２３４５６７' },
      { case: 'email' as const, value: 'ada＠example.com' },
      { case: 'email' as const, value: 'ada@exаmple.com' },
      { case: 'email' as const, value: '"ada\\"@evil.example"@example.com' },
    ]
    for (const identifier of strange) {
      await assert.rejects(
        house.call(startOtp, { clientId, identifier }),
        refusedWith('identity.identifier_invalid'),
        identifier.value,
      )
    }
  })

  test('enumeration: whether somebody has an account is told by no answer, and by no work that is left out', async () => {
    await house.call(
      Clients.method.updateKind,
      { kind: { kind: 'staff', inviteOnly: true } },
      { token: house.liveKey },
    )
    const { clientId } = await house.makeClient('staff')
    const member = newPhone()
    await house.call(Accounts.method.createAccount, {
      account: { kind: 'staff', identifiers: [{ type: 1, value: member }] },
    })
    const statements: string[][] = []
    const answers = []
    for (const phone of [member, newPhone()]) {
      const before = house.sent.length
      const challenge = await house.call(startOtp, { clientId, identifier: { case: 'phone', value: phone } })
      answers.push({ ...challenge, challengeId: '', expireTime: undefined, resendTime: undefined })
      statements.push([String(house.sent.length - before)])
      const guesses = await tally(
        Array.from({ length: 6 }, () =>
          house.call(verifyOtp, { clientId, challengeId: challenge.challengeId, code: '000000' }),
        ),
      )
      assert.deepEqual(guesses, { 'identity.code_wrong': 5, 'identity.challenge_invalid': 1 })
    }
    assert.deepEqual(answers[0], answers[1])
    assert.deepEqual(statements, [['1'], ['0']], 'a code goes to the one who has an account')
  })

  test('a banned account learns of its ban only by the right code, and gets no session', async () => {
    const { clientId } = await house.makeClient()
    const phone = newPhone()
    const { account } = await house.signIn(clientId, { phone })
    await house.call(Accounts.method.banAccount, { accountId: account?.accountId ?? '', reason: 'fraud' })
    const { challengeId, code } = await start(clientId, phone)
    await assert.rejects(
      house.call(verifyOtp, { clientId, challengeId, code: wrong(code) }),
      refusedWith('identity.code_wrong'),
    )
    await assert.rejects(
      house.call(verifyOtp, { clientId, challengeId, code }),
      refusedWith('identity.account_banned'),
    )
  })

  test('an app that is not there, or was disabled, signs nobody in', async () => {
    const identifier = { case: 'phone' as const, value: newPhone() }
    await assert.rejects(
      house.call(startOtp, { clientId: 'cli_00000000000000000000000000', identifier }),
      refusedWith('identity.client_not_found'),
    )
    const client = await house.makeClient()
    await house.call(Clients.method.updateClient, {
      client: { clientId: client.clientId, disabled: true },
      updateMask: { paths: ['disabled'] },
    })
    await assert.rejects(
      house.call(startOtp, { clientId: client.clientId, identifier }),
      refusedWith('identity.client_disabled'),
    )
  })

  test('tables of identity hold no code, in no form that could be tried offline', async () => {
    const { clientId } = await house.makeClient()
    const { code } = await start(clientId, newPhone())
    const { rows } = await house.db.query<{ row: object }>({
      text: `SELECT to_jsonb(c) AS row FROM identity.otp_challenges c ORDER BY challenge_id DESC LIMIT 1`,
    })
    const known = Object.keys(rows[0]?.row ?? {})
    assert.ok(known.length > 10)
    assert.ok(
      !JSON.stringify(Object.values(rows[0]?.row ?? {}).filter((value) => value !== code)).includes(
        `"${code}"`,
      ),
    )
    assert.deepEqual(
      known.filter((name) => /code|hash|secret/.test(name)),
      ['long_code'],
    )
    assert.equal(OtpPurpose.SIGN_IN, 1)
  })
})

function pick({ challengeId, code }: { challengeId: string; code: string }) {
  return { challengeId, code }
}
