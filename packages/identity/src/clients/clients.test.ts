import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Identity } from '@mainstay/proto/identity/v1'
import { Clients } from '@mainstay/proto/identity/v1/clients'
import { refusedWith, useIdentity } from '../testing/harness.ts'

const house = useIdentity()
const { listKinds, updateKind, getClient, listClients, updateClient } = Clients.method

describe('a kind', () => {
  test('is there from the beginning, and changes field by field', async () => {
    const before = await house.call(listKinds, {})
    assert.deepEqual(
      before.kinds.map(({ kind }) => kind),
      ['customer', 'driver', 'merchant'],
    )
    const changed = await house.call(
      updateKind,
      {
        kind: { kind: 'driver', inviteOnly: true, accessTokenTtl: { seconds: 120n } },
        updateMask: { paths: ['invite_only', 'access_token_ttl'] },
      },
      { token: house.liveKey },
    )
    assert.equal(changed.inviteOnly, true)
    assert.equal(changed.displayName, 'Drivers')
    assert.equal(changed.accessTokenTtl?.seconds, 120n)
    const courier = await house.call(
      updateKind,
      { kind: { kind: 'courier', displayName: 'Couriers' } },
      { token: house.liveKey },
    )
    assert.deepEqual(courier.phoneChannels, [])
    await assert.rejects(
      house.call(
        updateKind,
        { kind: { kind: 'courier' }, updateMask: { paths: ['kind'] } },
        { token: house.liveKey },
      ),
      refusedWith('identity.request_invalid'),
    )
  })

  test('is not changed by a test key, since it rules live accounts as well', async () => {
    await assert.rejects(
      house.call(updateKind, { kind: { kind: 'driver', inviteOnly: true } }),
      refusedWith('identity.mode_not_allowed'),
    )
  })

  test('rules the tokens of its apps at once, in every process', async () => {
    const { clientId } = await house.makeClient('customer')
    const elsewhere = await house.open()
    await house.signIn(clientId)
    await house.call(
      updateKind,
      {
        kind: { kind: 'customer', accessTokenTtl: { seconds: 60n } },
        updateMask: { paths: ['access_token_ttl'] },
      },
      { token: house.liveKey },
    )
    const { accessTokenExpireTime, refreshToken } = await house.signIn(clientId)
    const inAMinute = BigInt(Math.floor(house.clock.nowMs() / 1000) + 60)
    assert.equal(accessTokenExpireTime?.seconds, inAMinute)
    const refreshed = await elsewhere.call(Identity.method.refreshSession, { refreshToken })
    assert.equal(refreshed.accessTokenExpireTime?.seconds, inAMinute)
  })
})

describe('an app', () => {
  test('is registered, listed and renamed; its kind and mode stay', async () => {
    const client = await house.makeClient('merchant', { displayName: 'Till' })
    assert.equal(client.test, true)
    assert.match(client.audience, /^prj_[0-9a-z]{26}\/merchant$/)
    const renamed = await house.call(updateClient, {
      client: { clientId: client.clientId, displayName: 'Till 2' },
      updateMask: { paths: ['display_name'] },
    })
    assert.equal(renamed.displayName, 'Till 2')
    assert.deepEqual(await house.call(getClient, { clientId: client.clientId }), renamed)
    const { clients } = await house.call(listClients, {})
    assert.ok(clients.some(({ clientId }) => clientId === client.clientId))
    for (const [paths, value] of [
      [['kind'], { kind: 'driver' }],
      [['display_name'], { displayName: '  ' }],
      [['audience'], { audience: '' }],
    ] as const) {
      await assert.rejects(
        house.call(updateClient, {
          client: { clientId: client.clientId, ...value },
          updateMask: { paths: [...paths] },
        }),
        refusedWith('identity.request_invalid'),
      )
    }
  })

  test('that is live is not changed by a test key', async () => {
    const live = await house.call(
      Clients.method.createClient,
      { client: { kind: 'customer', displayName: 'Live' } },
      { token: house.liveKey },
    )
    assert.equal(live.test, false)
    await assert.rejects(
      house.call(updateClient, {
        client: { clientId: live.clientId, disabled: true },
        updateMask: { paths: ['disabled'] },
      }),
      refusedWith('identity.mode_not_allowed'),
    )
  })
})
