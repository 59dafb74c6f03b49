import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { Identity } from '@mainstay/proto/identity/v1'
import {
  AccountState,
  Accounts,
  ExportAccountRequestSchema,
  IdentifierType,
} from '@mainstay/proto/identity/v1/accounts'
import { Clients } from '@mainstay/proto/identity/v1/clients'
import { nobody } from '@mainstay/rpc'
import { refusedWith, useIdentity } from '../testing/harness.ts'

const house = useIdentity()
const { deleteAccount, keepAccount, getAccount, createAccount, banAccount } = Accounts.method
const { deleteMyAccount, keepMyAccount } = Identity.method
const DAY_MS = 86_400_000

let numbers = 0
const newPhone = () => `+4915${String(500_000_000 + numbers++)}`
const signIn = async () => {
  const { clientId } = await house.makeClient('customer')
  const phone = newPhone()
  const { accessToken: token, account } = await house.signIn(clientId, { phone })
  return { clientId, phone, token, accountId: account?.accountId ?? '' }
}
const stateOf = async (accountId: string) => (await house.call(getAccount, { accountId })).state

describe('an account whose owner asks for its deletion', () => {
  test('is told, stays for 14 days, and is erased then', async () => {
    const { token, accountId, phone, clientId } = await signIn()
    const me = await house.call(deleteMyAccount, {}, { token })
    const dueMs = Number(me.deleteDueTime?.seconds) * 1000
    assert.ok(Math.abs(dueMs - house.clock.nowMs() - 14 * DAY_MS) < 1000)
    assert.match(house.sent.at(-1)?.text ?? '', /will be deleted/)
    house.clock.advance(13 * DAY_MS)
    await house.identity.maintain()
    assert.equal(await stateOf(accountId), AccountState.ACTIVE)
    assert.equal(
      (await house.signIn(clientId, { phone })).account?.accountId,
      accountId,
      'it may be signed in to',
    )
    house.clock.advance(DAY_MS)
    await house.identity.maintain()
    assert.equal(await stateOf(accountId), AccountState.DELETED)
    assert.ok(house.published.some(({ name }) => name === 'identity.account_deleted'))
  })

  test('is kept when the owner takes it back, and not by asking once more', async () => {
    const { token, accountId } = await signIn()
    const first = await house.call(deleteMyAccount, {}, { token })
    house.clock.advance(60_000)
    assert.deepEqual((await house.call(deleteMyAccount, {}, { token })).deleteDueTime, first.deleteDueTime)
    assert.equal((await house.call(keepMyAccount, {}, { token })).deleteDueTime, undefined)
    house.clock.advance(15 * DAY_MS)
    await house.identity.maintain()
    assert.equal(await stateOf(accountId), AccountState.ACTIVE)
  })

  test('is not deleted by a sign-in of long ago', async () => {
    await house.call(
      Clients.method.updateKind,
      {
        kind: { kind: 'courier', displayName: 'Couriers', accessTokenTtl: { seconds: 3600n } },
      },
      { token: house.liveKey },
    )
    const { clientId } = await house.makeClient('courier')
    const { accessToken: token } = await house.signIn(clientId, { phone: newPhone() })
    house.clock.advance(15 * 60_000 + 1)
    await assert.rejects(house.call(deleteMyAccount, {}, { token }), refusedWith('identity.sign_in_too_old'))
  })
})

test('an operator deletes with a time of grace, and keeps it; not in the other mode', async () => {
  const account = { kind: 'customer', identifiers: [{ type: IdentifierType.PHONE, value: newPhone() }] }
  const { accountId } = await house.call(createAccount, { account })
  const grace = { seconds: 3600n }
  assert.ok((await house.call(deleteAccount, { accountId, grace })).deleteDueTime)
  assert.equal((await house.call(keepAccount, { accountId })).deleteDueTime, undefined)
  await house.call(deleteAccount, { accountId, grace })
  house.clock.advance(3_600_000)
  await house.identity.maintain()
  assert.equal(await stateOf(accountId), AccountState.DELETED)
  await assert.rejects(house.call(keepAccount, { accountId }), refusedWith('identity.account_not_found'))
  const live = await house.call(createAccount, { account }, { token: house.liveKey })
  for (const change of [
    () => house.call(deleteAccount, { accountId: live.accountId, grace }),
    () => house.call(keepAccount, { accountId: live.accountId }),
  ]) {
    await assert.rejects(change, refusedWith('identity.mode_not_allowed'))
  }
})

test('an export has the account, its sessions and what was done to both, and nothing for another project', async () => {
  const { accountId, clientId, phone } = await signIn()
  await house.signIn(clientId, { phone })
  await house.call(banAccount, { accountId, reason: 'none' })
  const records = await exportOf(accountId, house.projectId)
  assert.equal(records[0], 'account')
  assert.equal(records.filter((name) => name === 'session').length, 2)
  // Made, banned; and two sign-ins.
  assert.equal(records.filter((name) => name === 'auditEntry').length, 4)
  await assert.rejects(
    exportOf(accountId, '00000000-0000-7000-8000-000000000000'),
    refusedWith('identity.account_not_found'),
  )
})

async function exportOf(accountId: string, projectId: string): Promise<(string | undefined)[]> {
  const method = house.identity.implementations
    .flatMap(({ methods }) => methods)
    .find((one) => one.method === Accounts.method.exportAccount)
  assert.ok(method)
  const request = create(ExportAccountRequestSchema, { accountId })
  const ctx = { projectId, caller: { ...nobody, testMode: true } } as Parameters<typeof method.handle>[1]
  const found: (string | undefined)[] = []
  for await (const one of method.handle(request, ctx) as AsyncIterable<{ record: { case: string } }>) {
    found.push(one.record.case)
  }
  return found
}
