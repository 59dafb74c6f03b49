import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Identity } from '@mainstay/proto/identity/v1'
import { AccountState, Accounts, IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import { refusedWith, useIdentity } from '../testing/harness.ts'

const house = useIdentity()
const { createAccount, getAccount, listAccounts, updateAccount, banAccount, unbanAccount, deleteAccount } =
  Accounts.method
const { listAccountSessions, endAccountSessions } = Accounts.method

let numbers = 0
const newPhone = (): string => `+4915${String(200_000_000 + numbers++)}`
const phoneOf = (value: string) => ({ type: IdentifierType.PHONE, value })
const make = async (kind = 'customer', identifiers = [phoneOf(newPhone())]) =>
  await house.call(createAccount, { account: { kind, identifiers, displayName: 'Ada' } })

describe('an account', () => {
  test('is made, read, and found by what it signs in by, however that is written', async () => {
    const phone = newPhone()
    const made = await make('customer', [
      phoneOf(phone),
      { type: IdentifierType.EMAIL, value: 'Ada@Example.com' },
    ])
    assert.deepEqual(await house.call(getAccount, { accountId: made.accountId }), made)
    assert.deepEqual(made.identifiers.map(({ value }) => value).sort(), [phone, 'ada@example.com'].sort())
    for (const identifier of [`${phone.slice(0, 6)} ${phone.slice(6)}`, 'ADA@example.com']) {
      const { accounts } = await house.call(listAccounts, { identifier })
      assert.deepEqual(
        accounts.map(({ accountId }) => accountId),
        [made.accountId],
      )
    }
    assert.equal((await house.call(listAccounts, { identifier: 'nobody at all' })).accounts.length, 0)
  })

  test('shares no phone number with another of its kind, and with one of another kind it may', async () => {
    const phone = newPhone()
    await make('customer', [phoneOf(phone)])
    await assert.rejects(make('customer', [phoneOf(phone)]), refusedWith('identity.identifier_taken'))
    assert.ok(await make('driver', [phoneOf(phone)]))
    await assert.rejects(make('pilot'), refusedWith('identity.kind_not_found'))
  })

  test('is made once of 50 who try at the same time', async () => {
    const phone = newPhone()
    const tries = await Promise.allSettled(
      Array.from({ length: 50 }, () => make('merchant', [phoneOf(phone)])),
    )
    assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
    const { accounts } = await house.call(listAccounts, { kind: 'merchant', pageSize: 500 })
    assert.equal(accounts.length, 1, 'those who lost left nothing behind')
  })

  test('is changed by who knows it as it is', async () => {
    const made = await make()
    const change = (etag: string, displayName: string) =>
      house.call(updateAccount, {
        account: { accountId: made.accountId, displayName, etag, attributes: { tier: 'gold' } },
        updateMask: { paths: ['display_name', 'attributes'] },
      })
    const changed = await change(made.etag, 'Grace')
    assert.equal(changed.displayName, 'Grace')
    assert.deepEqual(changed.attributes, { tier: 'gold' })
    await assert.rejects(change(made.etag, 'Linus'), refusedWith('identity.account_changed'))
    await assert.rejects(
      house.call(updateAccount, { account: { accountId: made.accountId }, updateMask: { paths: ['kind'] } }),
      refusedWith('identity.request_invalid'),
    )
  })

  test('is kept out within a second, and let in again', async () => {
    const { clientId } = await house.makeClient()
    const phone = newPhone()
    const { accessToken, refreshToken, account } = await house.signIn(clientId, { phone })
    const accountId = account?.accountId ?? ''
    const banned = await house.call(banAccount, { accountId, reason: 'chargebacks' })
    assert.equal(banned.state, AccountState.BANNED)
    assert.equal(banned.banReason, 'chargebacks')
    house.advanceLease(1000)
    await assert.rejects(
      house.call(Identity.method.getMe, {}, { token: accessToken }),
      refusedWith('identity.session_ended'),
    )
    await assert.rejects(
      house.call(Identity.method.refreshSession, { refreshToken }),
      refusedWith('identity.session_ended'),
    )
    assert.equal((await house.call(unbanAccount, { accountId })).state, AccountState.ACTIVE)
    assert.ok((await house.signIn(clientId, { phone })).accessToken)
  })

  test('is deleted with all that is personal; its id stays, and its number is free', async () => {
    const { clientId } = await house.makeClient()
    const phone = newPhone()
    const { account, accessToken } = await house.signIn(clientId, { phone })
    const accountId = account?.accountId ?? ''
    const deleted = await house.call(deleteAccount, { accountId })
    assert.equal(deleted.state, AccountState.DELETED)
    assert.deepEqual([deleted.displayName, deleted.identifiers], ['', []])
    assert.deepEqual(await house.call(deleteAccount, { accountId }), deleted, 'again changes nothing')
    house.advanceLease(1000)
    await assert.rejects(
      house.call(Identity.method.getMe, {}, { token: accessToken }),
      refusedWith('identity.session_ended'),
    )
    const { rows } = await house.db.query<{ found: string }>({
      text: `SELECT s.device || s.user_agent || s.client_address AS found FROM identity.sessions s
             JOIN identity.accounts a USING (project_id, account_id) WHERE a.state = 3 AND s.device || s.user_agent || s.client_address <> ''`,
    })
    assert.deepEqual(rows, [])
    await assert.rejects(
      house.call(banAccount, { accountId, reason: '' }),
      refusedWith('identity.account_not_found'),
    )
    const again = await house.signIn(clientId, { phone })
    assert.notEqual(again.account?.accountId, accountId)
    assert.ok(house.published.some(({ name }) => name === 'identity.account_deleted'))
  })

  test('tells where it is signed in, and its sessions are ended by others', async () => {
    const { clientId } = await house.makeClient()
    const phone = newPhone()
    const one = await house.signIn(clientId, { phone })
    await house.signIn(clientId, { phone })
    const accountId = one.account?.accountId ?? ''
    const first = await house.call(listAccountSessions, { accountId, pageSize: 1 })
    const rest = await house.call(listAccountSessions, { accountId, pageToken: first.nextPageToken })
    assert.deepEqual([first.sessions.length, rest.sessions.length, rest.nextPageToken], [1, 1, ''])
    assert.deepEqual(rest.sessions[0]?.methods, ['otp', 'sms'])
    assert.equal(
      (await house.call(endAccountSessions, { accountId, sessionId: one.sessionId })).endedCount,
      1,
    )
    await assert.rejects(
      house.call(endAccountSessions, { accountId, sessionId: one.sessionId }),
      refusedWith('identity.session_not_found'),
    )
    assert.equal((await house.call(endAccountSessions, { accountId })).endedCount, 1)
  })
})

describe('test and live', () => {
  test('never meet: the same number has two accounts, and a test key changes no live one', async () => {
    const phone = newPhone()
    const test = await make('customer', [phoneOf(phone)])
    const live = await house.call(
      createAccount,
      { account: { kind: 'customer', identifiers: [phoneOf(phone)] } },
      { token: house.liveKey },
    )
    assert.deepEqual([test.test, live.test], [true, false])
    const listed = await house.call(listAccounts, { identifier: phone })
    assert.deepEqual(
      listed.accounts.map(({ accountId }) => accountId),
      [test.accountId],
    )
    const { accountId } = live
    const changes = [
      () => house.call(banAccount, { accountId, reason: '' }),
      () => house.call(deleteAccount, { accountId }),
      () => house.call(endAccountSessions, { accountId }),
    ]
    for (const change of changes) await assert.rejects(change, refusedWith('identity.mode_not_allowed'))
  })
})

test('lists go by pages that neither skip nor repeat', async () => {
  const made = new Set<string>()
  for (let index = 0; index < 7; index++) made.add((await make('driver')).accountId)
  const seen: string[] = []
  let pageToken = ''
  do {
    const page = await house.call(listAccounts, { kind: 'driver', pageSize: 3, pageToken })
    seen.push(...page.accounts.map(({ accountId }) => accountId))
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  assert.equal(new Set(seen).size, seen.length)
  for (const accountId of made) assert.ok(seen.includes(accountId))
})
