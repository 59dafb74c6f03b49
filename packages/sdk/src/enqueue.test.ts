import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enqueueStatement } from './enqueue.ts'

test('the statement carries the request as the API takes it', () => {
  const statement = enqueueStatement(
    {
      to: { target: { case: 'phone', value: '+491701234567' } },
      content: { case: 'sms', value: { text: "It's 1" } },
      ttl: { seconds: 60n },
    },
    { live: false },
  )
  assert.equal(statement.text, 'SELECT mainstay.enqueue($1, $2::jsonb, $3) AS id')
  const [project, request, live] = statement.values
  assert.deepEqual(
    [project, JSON.parse(request), live],
    ['default', { to: { phone: '+491701234567' }, sms: { text: "It's 1" }, ttl: '60s' }, false],
  )
})
