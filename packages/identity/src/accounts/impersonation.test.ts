import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Identity } from '@mainstay/proto/identity/v1'
import { Accounts } from '@mainstay/proto/identity/v1/accounts'
import { Passwords } from '@mainstay/proto/identity/v1/passwords'
import { decodeJwt } from 'jose'
import { refusedWith, useIdentity } from '../testing/harness.ts'

const house = useIdentity()
const { impersonateAccount, endAccountSessions, listAccountSessions, listAccountAuditEntries } =
  Accounts.method
const { getMe, listMySessions, signOut, addMyIdentifier, deleteMyAccount, linkMyAccount } = Identity.method

let numbers = 0
const signIn = async () => {
  const { clientId } = await house.makeClient('customer')
  const phone = `+4915${String(400_000_000 + numbers++)}`
  const { accessToken, account } = await house.signIn(clientId, { phone })
  return { clientId, token: accessToken, accountId: account?.accountId ?? '' }
}
const asOperator = () => ({ headers: { ...house.operatorHeaders, 'mainstay-mode': 'test' } })
const begin = async (accountId: string, clientId: string, more: object = {}) =>
  await house.call(impersonateAccount, { accountId, clientId, reason: 'Ticket 4711', ...more }, asOperator())

test('an operator sees what the owner sees; the token, the owner’s sessions and the audit say who it is', async () => {
  const { accountId, clientId, token: own } = await signIn()
  const { accessToken: token, sessionId } = await begin(accountId, clientId)
  assert.equal((await house.call(getMe, {}, { token })).accountId, accountId)
  const claims = decodeJwt(token)
  assert.match(String((claims.act as { sub: string }).sub), /^opr_/)
  assert.equal(claims.read_only, true)
  const { sessions } = await house.call(listMySessions, {}, { token: own })
  const seen = sessions.find((session) => session.sessionId === sessionId)
  assert.match(seen?.impersonator ?? '', /^opr_/)
  assert.equal(seen?.impersonationReason, '', 'the reason is for operators')
  const listed = await house.call(listAccountSessions, { accountId })
  assert.equal(listed.sessions[0]?.impersonationReason, 'Ticket 4711')
  await house.call(endAccountSessions, { accountId, sessionId })
  house.advanceLease(1000)
  await assert.rejects(house.call(getMe, {}, { token }), refusedWith('identity.session_ended'))
  assert.ok(await house.call(getMe, {}, { token: own }), 'the owner’s own goes on')
  const { auditEntries } = await house.call(listAccountAuditEntries, { accountId })
  const actions = auditEntries.map(({ action }) => action)
  assert.deepEqual(actions.slice(0, 2), ['identity.sessions.end', 'identity.accounts.impersonate'])
})

test('attack: an operator who acts as an account changes nothing of how its owner signs in, whatever was asked for', async () => {
  const { accountId, clientId } = await signIn()
  for (const allowChanges of [false, true]) {
    const { accessToken: token } = await begin(accountId, clientId, { allowChanges })
    assert.equal(decodeJwt(token).read_only, !allowChanges, 'the project’s own services go by it')
    for (const change of [
      () =>
        house.call(addMyIdentifier, { identifier: { case: 'email', value: 'thief@example.com' } }, { token }),
      () => house.call(deleteMyAccount, {}, { token }),
      () => house.call(Passwords.method.setMyPassword, { password: 'a new one of theirs' }, { token }),
    ]) {
      await assert.rejects(change, refusedWith('identity.impersonation_refused'))
    }
    await house.call(signOut, {}, { token })
  }
  const { clientId: drivers } = await house.makeClient('driver')
  const { accessToken: driver } = await house.signIn(drivers, { phone: '+4915499999999' })
  const { accessToken: otherAccessToken } = await begin(accountId, clientId, { allowChanges: true })
  await assert.rejects(
    house.call(linkMyAccount, { otherAccessToken }, { token: driver }),
    (error: { reason: string }) => /impersonation_refused|link_refused/.test(error.reason),
  )
})

test('it ends by itself, and is begun by operators, in apps of the account’s kind and mode alone', async () => {
  const { accountId, clientId } = await signIn()
  const { accessToken: token } = await begin(accountId, clientId, { ttl: { seconds: 60n } })
  house.clock.advance(60_001)
  await assert.rejects(house.call(getMe, {}, { token }), refusedWith('identity.access_token_expired'))
  await assert.rejects(
    house.call(impersonateAccount, { accountId, clientId, reason: 'none' }),
    refusedWith('access.api_key_not_allowed'),
  )
  const { clientId: ofDrivers } = await house.makeClient('driver')
  await assert.rejects(begin(accountId, ofDrivers), refusedWith('identity.request_invalid'))
})
