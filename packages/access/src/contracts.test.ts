import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { getOption, hasOption } from '@bufbuild/protobuf'
import { Access } from '@mainstay/proto/access/v1'
import { rule } from '@mainstay/proto/access/v1/rule'
import { Notify } from '@mainstay/proto/notify/v1'
import { System } from '@mainstay/proto/system/v1'
import { ANY_KEY, readContracts } from './contracts.ts'

const contracts = readContracts([Access, Notify, System])

describe('what access reads from the contracts', () => {
  test('the scopes are those that methods ask for', () => {
    assert.deepEqual(contracts.scopes, [
      'access:read',
      'access:write',
      'notify:read',
      'notify:send',
      'notify:write',
      'system:read',
    ])
  })

  test('a grant is a known scope, the wildcard of a known capability, or the star', () => {
    for (const grant of ['*', 'notify:send', 'notify:*', 'access:*'])
      assert.ok(contracts.isKnownGrant(grant), grant)
    for (const grant of ['', 'notify', 'notify:fly', 'files:*', 'notify:', '**', ':*']) {
      assert.ok(!contracts.isKnownGrant(grant), grant)
    }
  })

  test('who may do all that a scope lets a key do may grant it', () => {
    assert.ok(contracts.permissionsCover(new Set(['*']), '*'))
    assert.ok(contracts.permissionsCover(new Set(['notify.*']), 'notify:*'))
    assert.ok(!contracts.permissionsCover(new Set(['notify.*']), '*'))
    assert.ok(!contracts.permissionsCover(new Set(['notify.notifications.send']), 'notify:send'))
    assert.ok(!contracts.permissionsCover(new Set(), 'notify:read'))
  })

  test('a method reads when its route is a GET', () => {
    assert.ok(contracts.isRead('mainstay.access.v1.Access/ListApiKeys'))
    assert.ok(!contracts.isRead('mainstay.access.v1.Access/RevokeApiKey'))
    assert.ok(!contracts.isRead('mainstay.access.v1.Access/DeleteSession'))
    assert.ok(!contracts.isRead('mainstay.access.v1.Access/NoSuch'))
  })

  test('only the question who is calling is open to every key', () => {
    const open = [Access, Notify, System]
      .flatMap((service) => service.methods)
      .filter((method) => hasOption(method, rule) && getOption(method, rule).apiKeyScope === ANY_KEY)
    assert.deepEqual(
      open.map((method) => method.name),
      ['GetCaller'],
    )
  })
})
