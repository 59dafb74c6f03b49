import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Identity } from '@mainstay/proto/identity/v1'
import { Accounts, IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import { Clients } from '@mainstay/proto/identity/v1/clients'
import { refusedWith, useIdentity } from '../testing/harness.ts'

const house = useIdentity()
const { createAnonymousAccount, addMyIdentifier, verifyMyIdentifier, removeMyIdentifier } = Identity.method
const { linkMyAccount, unlinkMyAccount, getMe, verifyOtp, startOtp } = Identity.method
const { addAccountIdentifier, removeAccountIdentifier, listPersonAccounts, getAccount } = Accounts.method
const { createAccount, listAccounts, listAccountAuditEntries, deleteAccount } = Accounts.method

let numbers = 0
const newPhone = (): string => `+4915${String(300_000_000 + numbers++)}`
const newEmail = (): string => `person-${numbers++}@example.com`
const phoneOf = (value: string) => ({ type: IdentifierType.PHONE, value })
const emailOf = (value: string) => ({ type: IdentifierType.EMAIL, value })
const lastCode = (): string => house.sent.at(-1)?.code ?? ''
const add = async (token: string, email: string) =>
  await house.call(addMyIdentifier, { identifier: { case: 'email', value: email } }, { token })
const signIn = async (kind = 'customer', phone = newPhone()) => {
  const { clientId } = await house.makeClient(kind)
  const { accessToken, account } = await house.signIn(clientId, { phone })
  return { clientId, phone, token: accessToken, accountId: account?.accountId ?? '' }
}
const QUARTER_MS = 15 * 60_000

describe('what an account signs in by', () => {
  test('is added once a code proves it, and what was there before is told', async () => {
    const { token, phone, clientId, accountId } = await signIn()
    const email = newEmail()
    const { challengeId } = await add(token, email)
    assert.equal((await house.call(getMe, {}, { token })).identifiers.length, 1, 'nothing yet')
    const code = lastCode()
    const me = await house.call(verifyMyIdentifier, { challengeId, code }, { token })
    assert.deepEqual(me.identifiers.map(({ value }) => value).sort(), [phone, email].sort())
    const notice = house.sent.at(-1)
    assert.equal(notice?.to, phone)
    assert.match(notice?.text ?? '', /email address p…@example\.com can now sign in/)
    assert.equal((await house.signIn(clientId, { email })).account?.accountId, accountId)
    const { auditEntries } = await house.call(listAccountAuditEntries, { accountId })
    assert.ok(auditEntries.some(({ action }) => action === 'identity.identifiers.add'))
    await assert.rejects(
      house.call(verifyMyIdentifier, { challengeId, code }, { token }),
      refusedWith('identity.challenge_invalid'),
    )
  })

  test('is not added by a wrong code, by another account, or by a code for signing in', async () => {
    const one = await signIn()
    const other = await signIn()
    const { challengeId } = await add(one.token, newEmail())
    const code = lastCode()
    const wrong = code === '000000' ? '000001' : '000000'
    for (const [token, typed, reason] of [
      [one.token, wrong, 'identity.code_wrong'],
      [other.token, code, 'identity.challenge_invalid'],
    ] as const) {
      await assert.rejects(
        house.call(verifyMyIdentifier, { challengeId, code: typed }, { token }),
        refusedWith(reason),
      )
    }
    await assert.rejects(
      house.call(verifyOtp, { clientId: one.clientId, challengeId, code }),
      refusedWith('identity.challenge_invalid'),
    )
    const phone = { case: 'phone', value: newPhone() } as const
    const started = await house.call(startOtp, { clientId: one.clientId, identifier: phone })
    await assert.rejects(
      house.call(
        verifyMyIdentifier,
        { challengeId: started.challengeId, code: lastCode() },
        { token: one.token },
      ),
      refusedWith('identity.challenge_invalid'),
    )
  })

  test('is compared at most five times of 50 parallel guesses', async () => {
    const { token } = await signIn()
    const { challengeId } = await add(token, newEmail())
    const wrong = lastCode() === '000000' ? '000001' : '000000'
    const tries = await Promise.allSettled(
      Array.from({ length: 50 }, () =>
        house.call(verifyMyIdentifier, { challengeId, code: wrong }, { token }),
      ),
    )
    const reasons = tries.map((one) => (one.status === 'rejected' ? one.reason.reason : 'right'))
    assert.equal(reasons.filter((reason) => reason === 'identity.code_wrong').length, 5)
    assert.equal(reasons.filter((reason) => reason === 'identity.challenge_invalid').length, 45)
  })

  test('of somebody else is refused to who proves it, and to nobody before', async () => {
    const email = newEmail()
    await house.call(createAccount, { account: { kind: 'customer', identifiers: [emailOf(email)] } })
    const { token } = await signIn()
    const { challengeId } = await add(token, email)
    await assert.rejects(
      house.call(verifyMyIdentifier, { challengeId, code: lastCode() }, { token }),
      refusedWith('identity.identifier_taken'),
    )
  })

  test('is taken away by its owner, but for the last, and only soon after a sign-in', async () => {
    const { token, phone } = await signIn()
    const identifier = phoneOf(phone)
    await assert.rejects(
      house.call(removeMyIdentifier, { identifier }, { token }),
      refusedWith('identity.last_identifier'),
    )
    await assert.rejects(
      house.call(removeMyIdentifier, { identifier: phoneOf(newPhone()) }, { token }),
      refusedWith('identity.identifier_not_found'),
    )
    const email = newEmail()
    const { challengeId } = await add(token, email)
    await house.call(verifyMyIdentifier, { challengeId, code: lastCode() }, { token })
    const me = await house.call(removeMyIdentifier, { identifier }, { token })
    assert.deepEqual(
      me.identifiers.map(({ value }) => value),
      [email],
    )
    const told = house.sent.slice(-2).map(({ to }) => to)
    assert.deepEqual(told.sort(), [phone, email].sort(), 'both hear of it, the one that is gone too')
  })

  test('is never left without one by 50 who take away both at the same time', async () => {
    const { token, phone, accountId } = await signIn()
    const email = newEmail()
    await house.call(addAccountIdentifier, { accountId, identifier: emailOf(email), verified: true })
    await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) =>
        house.call(removeMyIdentifier, { identifier: n % 2 ? phoneOf(phone) : emailOf(email) }, { token }),
      ),
    )
    assert.equal((await house.call(getAccount, { accountId })).identifiers.length, 1)
  })

  test('is changed by operators within their mode', async () => {
    const { accountId, phone } = await signIn()
    const identifier = emailOf(newEmail())
    const added = await house.call(addAccountIdentifier, { accountId, identifier })
    assert.equal(added.identifiers.find(({ value }) => value === identifier.value)?.verifyTime, undefined)
    const { identifiers } = await house.call(removeAccountIdentifier, {
      accountId,
      identifier: phoneOf(phone),
    })
    assert.equal(identifiers.length, 1)
    await assert.rejects(
      house.call(removeAccountIdentifier, { accountId, identifier }),
      refusedWith('identity.last_identifier'),
    )
    const live = await house.call(
      createAccount,
      { account: { kind: 'customer', identifiers: [phoneOf(newPhone())] } },
      { token: house.liveKey },
    )
    await assert.rejects(
      house.call(addAccountIdentifier, { accountId: live.accountId, identifier }),
      refusedWith('identity.mode_not_allowed'),
    )
  })
})

describe('an anonymous account', () => {
  test('becomes one like any other once it proves something, and keeps its id', async () => {
    const { clientId } = await house.makeClient()
    const { accessToken: token, account, created } = await house.call(createAnonymousAccount, { clientId })
    assert.deepEqual([created, account?.anonymous, account?.identifiers], [true, true, []])
    house.clock.advance(5 * 60_000)
    const email = newEmail()
    const { challengeId } = await add(token, email)
    const me = await house.call(verifyMyIdentifier, { challengeId, code: lastCode() }, { token })
    assert.deepEqual([me.anonymous, me.accountId], [false, account?.accountId])
    assert.equal((await house.signIn(clientId, { email })).account?.accountId, account?.accountId)
  })

  test('is not made where only the invited have accounts', async () => {
    const { clientId } = await house.makeClient('merchant')
    await house.call(
      Clients.method.updateKind,
      {
        kind: { kind: 'merchant', displayName: 'Merchants', inviteOnly: true },
      },
      { token: house.liveKey },
    )
    await assert.rejects(
      house.call(createAnonymousAccount, { clientId }),
      refusedWith('identity.sign_up_closed'),
    )
  })
})

describe('two accounts of one person', () => {
  const peopleOf = async (...ids: string[]) =>
    await Promise.all(ids.map(async (accountId) => (await house.call(getAccount, { accountId })).personId))

  test('are linked by proof of both, listed for servers, and unlinked', async () => {
    const customer = await signIn('customer')
    const driver = await signIn('driver')
    const link = { otherAccessToken: driver.token }
    const { accounts } = await house.call(linkMyAccount, link, { token: customer.token })
    assert.deepEqual(
      accounts.map(({ accountId }) => accountId).sort(),
      [customer.accountId, driver.accountId].sort(),
    )
    assert.deepEqual(
      accounts.map(({ personId }) => personId),
      ['', ''],
      'the person’s id is for servers',
    )
    await house.call(linkMyAccount, link, { token: customer.token })
    const [one, other] = await peopleOf(customer.accountId, driver.accountId)
    assert.equal(one, other)
    const listed = await house.call(listPersonAccounts, { personId: one ?? '' })
    assert.equal(listed.accounts.length, 2)
    const ofLive = await house.call(listPersonAccounts, { personId: one ?? '' }, { token: house.liveKey })
    assert.equal(ofLive.accounts.length, 0)
    await house.call(unlinkMyAccount, {}, { token: driver.token })
    const [left, gone] = await peopleOf(customer.accountId, driver.accountId)
    assert.notEqual(left, gone)
  })

  test('are not linked by a token that has expired, to one of the same kind, or to what is no account', async () => {
    const one = await signIn('customer')
    const same = await signIn('customer')
    const refuse = (otherAccessToken: string, reason: string) =>
      assert.rejects(
        house.call(linkMyAccount, { otherAccessToken }, { token: one.token }),
        refusedWith(reason),
      )
    await refuse(same.token, 'identity.link_refused')
    await refuse(one.token, 'identity.link_refused')
    await refuse('eyJ', 'identity.access_token_invalid')
    const driver = await signIn('driver')
    house.clock.advance(10 * 60_000 + 1)
    const { accessToken: token } = await house.signIn(one.clientId, { phone: one.phone })
    await assert.rejects(
      house.call(linkMyAccount, { otherAccessToken: driver.token }, { token }),
      refusedWith('identity.access_token_expired'),
    )
  })

  test('end up as one person, whoever of 20 links them at the same time, and from both sides', async () => {
    const customer = await signIn('customer')
    const driver = await signIn('driver')
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => {
        const [caller, other] = n % 2 ? [customer, driver] : [driver, customer]
        return house.call(linkMyAccount, { otherAccessToken: other.token }, { token: caller.token })
      }),
    )
    assert.ok(tries.every(({ status }) => status === 'fulfilled'))
    const [one, other] = await peopleOf(customer.accountId, driver.accountId)
    assert.equal(one, other)
  })
})

test('a session of long ago changes nothing that somebody could take the account over with', async () => {
  await house.call(
    Clients.method.updateKind,
    {
      kind: { kind: 'courier', displayName: 'Couriers', accessTokenTtl: { seconds: 3600n } },
    },
    { token: house.liveKey },
  )
  const { token, phone } = await signIn('courier')
  house.clock.advance(QUARTER_MS + 1)
  for (const change of [
    () => add(token, newEmail()),
    () => house.call(removeMyIdentifier, { identifier: phoneOf(phone) }, { token }),
    () => house.call(unlinkMyAccount, {}, { token }),
  ]) {
    await assert.rejects(change, refusedWith('identity.sign_in_too_old'))
  }
})

test('accounts are found by how a name, a number or an address begins, and by nothing that looks like a pattern', async () => {
  const phone = newPhone()
  const made = await house.call(createAccount, {
    account: {
      kind: 'driver',
      displayName: 'Zaphod_B',
      identifiers: [phoneOf(phone), emailOf('zaphod@example.com')],
    },
  })
  const find = async (text: string) =>
    (await house.call(listAccounts, { text })).accounts.map(({ accountId }) => accountId)
  for (const text of ['zaph', 'ZAPHOD_', 'zaphod@', `${phone.slice(0, 5)} ${phone.slice(5)}`]) {
    assert.deepEqual(await find(text), [made.accountId], text)
  }
  for (const text of ['%', 'zaphod%', 'zaphodx', '\\']) assert.deepEqual(await find(text), [], text)
  await house.call(deleteAccount, { accountId: made.accountId })
  assert.deepEqual(await find('zaph'), [])
})
