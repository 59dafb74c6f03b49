import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { Channel, MessageClass, MessageSchema, MessageState } from '@mainstay/proto/notify/v1'
import { belongs, hasFilters, noFilters, readFilters, toApiFilter, writeFilters } from './message-filters.ts'

test('filters survive the way into an address and back', () => {
  const filters = {
    states: [MessageState.FAILED, MessageState.UNKNOWN],
    channels: [Channel.SMS, Channel.PUSH],
    classes: [MessageClass.OTP],
    to: 'ada+test@example.com',
    recipient: 'user-1',
    template: 'order-confirmed',
    provider: 'pac_x',
    campaign: 'cmp_x',
    after: Date.parse('2026-01-02T03:04:05Z'),
    before: Date.parse('2026-01-03T00:00:00Z'),
  }
  const address = writeFilters(new URLSearchParams(), filters)
  assert.deepEqual(readFilters(new URLSearchParams(address.toString())), filters)
})

test('writing filters leaves the rest of the address alone and clears what was filtered before', () => {
  const before = new URLSearchParams('project=driver-app&state=failed&to=old@example.com')
  const after = writeFilters(before, { ...noFilters, to: 'new@example.com' })
  assert.equal(after.toString(), 'project=driver-app&to=new%40example.com')
})

test('what an address should not hold is ignored', () => {
  const filters = readFilters(new URLSearchParams('state=nonsense&class=otp&class=__proto__&after=yesterday'))
  assert.deepEqual(filters, { ...noFilters, classes: [MessageClass.OTP] })
  assert.equal(hasFilters(readFilters(new URLSearchParams('project=x'))), false)
})

test('a watch leaves out what changes in a message’s life, so that a row that stops matching is heard of', () => {
  const filters = { ...noFilters, states: [MessageState.QUEUED], provider: 'pac_x', to: 'ada@example.com' }
  const watched = toApiFilter(filters, { withStates: false, live: true })
  assert.deepEqual([watched.states, watched.providerAccountId, watched.to], [[], '', 'ada@example.com'])
  const listed = toApiFilter(filters, { withStates: true, live: false })
  assert.deepEqual([listed.states, listed.providerAccountId], [[MessageState.QUEUED], 'pac_x'])
  assert.deepEqual([watched.live, listed.live], [true, false])
})

test('a message belongs when its mode, state, provider and time all match', () => {
  const message = create(MessageSchema, {
    state: MessageState.SENT,
    live: true,
    providerAccountId: 'pac_x',
    createTime: timestampFromMs(5_000),
  })
  assert.equal(belongs(message, noFilters, true), true)
  assert.equal(belongs(message, noFilters, false), false)
  assert.equal(belongs(message, { ...noFilters, states: [MessageState.FAILED] }, true), false)
  assert.equal(belongs(message, { ...noFilters, provider: 'pac_y' }, true), false)
  assert.equal(belongs(message, { ...noFilters, after: 5_000, before: 5_001 }, true), true)
  assert.equal(belongs(message, { ...noFilters, before: 5_000 }, true), false)
})
