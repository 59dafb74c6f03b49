import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { permissionsAllow, scopesAllow } from './grants.ts'

const allows = (granted: string[], wanted: string) => scopesAllow(new Set(granted), wanted)
const permits = (granted: string[], needed: string) => permissionsAllow(new Set(granted), needed)

describe('scopes', () => {
  test('a scope allows itself and nothing beside it', () => {
    assert.ok(allows(['notify:send'], 'notify:send'))
    assert.ok(!allows(['notify:send'], 'notify:read'))
    assert.ok(!allows(['notify:send'], 'notify:sender'))
    assert.ok(!allows([], 'notify:send'))
  })

  test('a capability’s wildcard allows all of that capability only', () => {
    assert.ok(allows(['notify:*'], 'notify:read'))
    assert.ok(!allows(['notify:*'], 'access:read'))
    assert.ok(!allows(['notif:*'], 'notify:read'))
  })

  test('the star allows everything', () => {
    assert.ok(allows(['*'], 'access:write'))
  })

  test('a grant covers another only when it allows all of it', () => {
    assert.ok(allows(['notify:*'], 'notify:*'))
    assert.ok(allows(['*'], 'notify:*'))
    assert.ok(allows(['*'], '*'))
    assert.ok(!allows(['notify:send', 'notify:read', 'notify:write'], 'notify:*'))
    assert.ok(!allows(['notify:*', 'access:*'], '*'))
  })
})

describe('permissions', () => {
  test('a permission, its capability’s wildcard and the star allow it', () => {
    for (const granted of ['notify.messages.list', 'notify.*', '*'])
      assert.ok(permits([granted], 'notify.messages.list'))
  })

  test('nothing else does', () => {
    for (const granted of ['notify', 'notify.messages', 'notify.messages.*', 'notify:*', 'access.*', '']) {
      assert.ok(!permits([granted], 'notify.messages.list'), granted)
    }
  })

  test('a method that names no permission is open to nobody', () => {
    assert.ok(!permits(['*'], ''))
  })
})
