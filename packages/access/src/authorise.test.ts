import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { RuleSchema } from '@mainstay/proto/access/v1/rule'
import { type Caller, nobody } from '@mainstay/rpc'
import { authorise } from './authorise.ts'
import { contextOf, refusedWith } from './testing/harness.ts'

const key = (...scopes: string[]): Caller => ({
  ...nobody,
  kind: 'api_key',
  projectId: 'p',
  scopes: new Set(scopes),
})
const operator = (...permissions: string[]): Caller => ({
  ...nobody,
  kind: 'operator',
  projectId: 'p',
  permissions: new Set(permissions),
})

function decide(
  caller: Caller,
  rule: MessageInitShape<typeof RuleSchema>,
  headers: Record<string, string> = {},
) {
  authorise(caller, create(RuleSchema, rule), contextOf('test/Method', headers))
  return 'allowed'
}
const refuses = (reason: string, ...args: Parameters<typeof decide>) =>
  assert.throws(() => decide(...args), refusedWith(reason))

const SEND = { permission: 'notify.notifications.send', apiKeyScope: 'notify:send' }

describe('a rule', () => {
  test('that is public lets anybody in', () => {
    for (const caller of [nobody, key(), operator()]) assert.ok(decide(caller, { public: true }))
  })

  test('that is not, lets nobody in without a credential', () => {
    refuses('access.unauthenticated', nobody, SEND)
  })

  test('lets an API key in by scope', () => {
    for (const scope of ['notify:send', 'notify:*', '*']) assert.ok(decide(key(scope), SEND))
    for (const scope of ['notify:read', 'access:*', 'notify.notifications.send']) {
      refuses('access.scope_missing', key(scope), SEND)
    }
    refuses('access.scope_missing', key(), SEND)
  })

  test('without a scope lets no API key in, not even one with the star', () => {
    refuses('access.api_key_not_allowed', key('*'), { permission: 'access.projects.create' })
  })

  test('with the star for a scope lets any API key in', () => {
    assert.ok(decide(key(), { permission: 'access.caller.get', apiKeyScope: '*' }))
  })

  test('lets a recipient in where it says so, and nowhere else', () => {
    const recipient: Caller = { ...nobody, kind: 'recipient', id: 'ada', projectId: 'p' }
    assert.ok(decide(recipient, { ...SEND, recipient: true }))
    refuses('access.recipient_not_allowed', recipient, SEND)
    refuses('access.recipient_not_allowed', recipient, { permission: 'x.y.z', apiKeyScope: '*' })
    refuses('access.scope_missing', key(), { ...SEND, recipient: true })
    refuses('access.permission_denied', operator(), { ...SEND, recipient: true })
  })

  test('lets an operator in by permission, and never by a scope', () => {
    for (const permission of ['notify.notifications.send', 'notify.*', '*'])
      assert.ok(decide(operator(permission), SEND))
    for (const permission of ['notify.messages.list', 'access.*', 'notify:send']) {
      refuses('access.permission_denied', operator(permission), SEND)
    }
  })

  test('about a project needs one to be named; one that is not needs none', () => {
    const { projectId: _, ...nowhere } = operator('*')
    refuses('access.project_required', nowhere, SEND)
    refuses('access.project_not_found', nowhere, SEND, { 'mainstay-project': 'no-such' })
    assert.ok(decide(nowhere, { ...SEND, projectless: true }))
  })

  test('that says nothing lets nobody in', () => {
    refuses('access.unauthenticated', nobody, {})
    refuses('access.api_key_not_allowed', key('*'), {})
    refuses('access.permission_denied', operator('*'), {})
  })

  test('lets in no kind of caller that it does not know', () => {
    const service: Caller = { ...operator('*'), kind: 'service', scopes: new Set(['*']) }
    refuses('access.permission_denied', service, SEND)
  })
})
