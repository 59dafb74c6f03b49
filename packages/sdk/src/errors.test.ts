import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isReason, MainstayError, type Reason } from './index.ts'

const failure = (reason: MainstayError['reason']) =>
  new MainstayError({ code: 'not_found', reason, message: 'No.', status: 404 })

test('a failure is told apart by its reason, and nothing else passes for one', () => {
  const error: unknown = failure('notify.template_not_found')
  assert.ok(isReason(error, 'notify.template_not_found'))
  assert.ok(!isReason(error, 'notify.message_not_found'))
  assert.ok(!isReason({ reason: 'notify.template_not_found' }, 'notify.template_not_found'))
  assert.ok(!isReason(undefined, 'sdk.network'))
})

test('a reason that a newer server has added is kept and can be asked for', () => {
  assert.ok(isReason(failure('orders.out_of_stock'), 'orders.out_of_stock'))
})

// The rest holds when it compiles.

test('the known reasons are a closed union, of the server and of the client itself', () => {
  const known: Reason[] = ['notify.template_not_found', 'access.scope_missing', 'sdk.network']
  // @ts-expect-error a mistyped reason is none
  const mistyped: Reason = 'notify.template_not_fond'
  // @ts-expect-error nor is any text
  const any: Reason = String(mistyped)
  assert.equal([...known, any].length, 4)
})

test('what isReason lets through has that reason, and what it does not is still an error', () => {
  const error = failure('sdk.timeout')
  if (isReason(error, 'sdk.network')) {
    const reason: 'sdk.network' = error.reason
    assert.fail(reason)
  }
  const { message }: MainstayError = error
  assert.equal(message, 'No.')
})
