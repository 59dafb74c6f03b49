import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { createPageTokens, idTimeMs, newId, systemClock, toTypeId } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import {
  Channel,
  ListMessagesRequestSchema,
  MessageClass,
  type MessageFilterSchema,
  MessageState,
} from '@mainstay/proto/notify/v1'
import type { Draft } from '../accept/store.ts'
import { createWriter } from '../accept/writer.ts'
import { testCall } from '../testing/call.ts'
import { draft } from '../testing/drafts.ts'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { matches, readFilter } from './filter.ts'
import { stateOf } from './row.ts'
import { createMessages, type Messages } from './service.ts'
import { findMessages } from './store.ts'

const ACCOUNT = '01980000-0000-7000-8000-0000000000a1'
const OTHER_ACCOUNT = '01980000-0000-7000-8000-0000000000a2'

type FilterInit = MessageInitShape<typeof MessageFilterSchema>

describe('listing messages', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const all: Draft[] = []
  let messages: Messages

  /** 240 messages in every state that a row can tell of, with every filter's value among them. */
  before(async () => {
    messages = createMessages({
      db: database.db,
      clock: systemClock,
      pageTokens: createPageTokens(new Uint8Array(32)),
      wake: () => {},
    })
    const writer = createWriter({
      db: database.db,
      clock: systemClock,
      batchSize: 100,
      queueSize: 1000,
      idempotencyTtlMs: 86_400_000,
    })
    for (let n = 0; n < 240; n++) {
      const one = draft({
        class: [1, 2, 2, 3][n % 4] ?? 2,
        channel: [1, 1, 2, 4][n % 4 === 3 ? 3 : n % 3] ?? 1,
        live: n % 5 < 3,
        to: `Person${n % 7}@Example.com`,
        recipientId: n % 3 === 0 ? `user-${n % 5}` : null,
        templateName: n % 2 === 0 ? `template-${n % 6}` : null,
        templateVersion: n % 2 === 0 ? 1 : null,
      })
      all.push(n % 12 === 1 ? { ...one, sendMs: one.createMs + 3_600_000 } : one)
    }
    await Promise.all(all.map((one) => writer.submit(one)))
    await writer.submit(draft({ projectId: newId() }))
    await database.db.query({
      text: AGE,
      values: [all.map((one) => one.messageId), ACCOUNT, OTHER_ACCOUNT, newId()],
    })
  })

  const list = (filter: FilterInit = {}, pageSize = 500, pageToken = '', orderBy = '') =>
    messages.list(
      testCall({ method: 'mainstay.notify.v1.Notify/ListMessages' }),
      create(ListMessagesRequestSchema, { filter, pageSize, pageToken, orderBy }),
    )

  const filters: Record<string, FilterInit> = {
    'no filter': {},
    'one rare state': { states: [MessageState.FAILED] },
    'several rare states': { states: [MessageState.FAILED, MessageState.UNKNOWN, MessageState.CANCELLED] },
    'sent and delivered': { states: [MessageState.SENT, MessageState.DELIVERED] },
    scheduled: { states: [MessageState.SCHEDULED] },
    queued: { states: [MessageState.QUEUED] },
    sending: { states: [MessageState.SENDING] },
    'states of every place': { states: [MessageState.SENDING, MessageState.SENT, MessageState.EXPIRED] },
    'all states': { states: Array.from({ length: 13 }, (_, n) => n + 2) },
    'a class': { messageClasses: [MessageClass.OTP, MessageClass.BULK] },
    'email and another channel': { channels: [Channel.EMAIL, Channel.PUSH] },
    'email alone in one mode and class': {
      channels: [Channel.EMAIL],
      live: false,
      messageClasses: [MessageClass.OTP, MessageClass.TRANSACTIONAL],
    },
    'a channel': { channels: [Channel.SMS] },
    'channels in one mode and state': {
      channels: [Channel.SMS, Channel.PUSH],
      live: true,
      states: [MessageState.SENT, MessageState.UNKNOWN],
    },
    'live mode': { live: true },
    'test mode': { live: false },
    'test mode in a rare state': { live: false, states: [MessageState.FAILED] },
    'live mode in states of every place': {
      live: true,
      states: [MessageState.QUEUED, MessageState.DELIVERED, MessageState.UNKNOWN],
    },
    'live mode in a class': { live: true, messageClasses: [MessageClass.OTP] },
    'an address in other letters': { to: 'pERSON3@exAMPLE.com' },
    'a recipient': { recipientId: 'user-0' },
    'a template': { template: 'template-4' },
    'a provider account': { providerAccountId: toTypeId('pac', OTHER_ACCOUNT) },
    'a provider account that also failed over': { providerAccountId: toTypeId('pac', ACCOUNT) },
    'a provider account in a common state': {
      providerAccountId: toTypeId('pac', OTHER_ACCOUNT),
      states: [MessageState.SENT],
      live: true,
    },
    'several at once': { states: [MessageState.DELIVERED], template: 'template-2', messageClasses: [1] },
  }

  for (const [name, filter] of Object.entries(filters)) {
    it(`finds the messages of ${name}, newest first, as reading each and asking would`, async () => {
      const wanted = readFilter(create(ListMessagesRequestSchema, { filter }).filter)
      const rows = await findMessages(
        database.db,
        TEST_PROJECT,
        all.map((one) => one.messageId),
      )
      const nowMs = systemClock.nowMs()
      const expected = rows
        .filter((row) => matches(wanted, row, nowMs))
        .map((row) => row.message_id)
        .sort()
        .reverse()
      assert.ok(expected.length > 0, 'the sample lacks such a message')
      const { rows: found } = await list(filter)
      assert.deepEqual(
        found.map((row) => row.message_id),
        expected,
      )
    })

    it(`finds the same messages of ${name} oldest first, page by page`, async () => {
      const { rows: whole } = await list(filter)
      const paged: string[] = []
      let pageToken = ''
      do {
        const page = await list(filter, 50, pageToken, 'create_time')
        paged.push(...page.rows.map((row) => row.message_id))
        pageToken = page.nextPageToken
      } while (pageToken !== '')
      assert.deepEqual(paged, whole.map((row) => row.message_id).reverse())
    })

    it(`pages through ${name} without gaps and without repeats`, async () => {
      const { rows: whole } = await list(filter)
      const paged: string[] = []
      let pageToken = ''
      do {
        const page = await list(filter, 7, pageToken)
        assert.ok(page.rows.length <= 7)
        paged.push(...page.rows.map((row) => row.message_id))
        pageToken = page.nextPageToken
      } while (pageToken !== '')
      assert.deepEqual(
        paged,
        whole.map((row) => row.message_id),
      )
    })
  }

  it('tells every state that waiting can have', async () => {
    const { rows } = await list({ states: [MessageState.ACCEPTED] })
    const states = new Set(rows.map((row) => stateOf(row, systemClock.nowMs())))
    assert.deepEqual(states, new Set([MessageState.SCHEDULED, MessageState.QUEUED, MessageState.SENDING]))
  })

  it('keeps to the time asked for', async () => {
    const times = all.map((one) => idTimeMs(one.messageId)).sort((a, b) => a - b)
    const [fromMs = 0, toMs = 0] = [times[60], times[180]]
    const { rows } = await list({
      createTimeAfter: timestampFromMs(fromMs),
      createTimeBefore: timestampFromMs(toMs),
    })
    const expected = times.filter((time) => time >= fromMs && time < toMs)
    assert.equal(rows.length, expected.length)
  })

  it('refuses a page token under another filter, and a filter that nothing stored could match', async () => {
    const { nextPageToken } = await list({}, 5)
    await assert.rejects(list({ template: 'template-4' }, 5, nextPageToken), {
      reason: 'kernel.page_token_invalid',
    })
    await assert.rejects(list({}, 5, nextPageToken, 'create_time'), { reason: 'kernel.page_token_invalid' })
    for (const filter of [
      { to: 'a\0b' },
      { recipientId: '\0' },
      { template: '\0' },
      { providerAccountId: 'pac_x' },
    ]) {
      await assert.rejects(list(filter), { code: 'invalid_argument', reason: 'notify.request_invalid' })
    }
  })
})

/** What deliveries would have made of them: most sent or delivered, some of each rare end, a few under way. */
const AGE = `
WITH one AS (
  SELECT message_id, n, CASE n % 12 WHEN 0 THEN 5 WHEN 1 THEN 1 WHEN 2 THEN 1 WHEN 3 THEN 1 WHEN 4 THEN 13 WHEN 5 THEN 14
    WHEN 6 THEN 11 WHEN 7 THEN 12 WHEN 8 THEN 6 WHEN 9 THEN 6 ELSE 5 END AS state
  FROM unnest($1::uuid[]) WITH ORDINALITY AS one (message_id, position), LATERAL (SELECT position::int - 1 AS n) AS p
),
ended AS (
  DELETE FROM notify.delivery_queue q USING one WHERE q.message_id = one.message_id AND one.state <> 1
),
leased AS (
  UPDATE notify.delivery_queue q
  SET lease_owner = $4, lease_epoch = 1, start_time = now(), provider_account_id = $3
  FROM one WHERE q.message_id = one.message_id AND one.n % 12 = 3
),
attempted AS (
  INSERT INTO notify.delivery_attempts (project_id, message_id, attempt, provider_account_id, start_time, end_time, outcome)
  SELECT '${TEST_PROJECT}', message_id, attempt, CASE WHEN (n % 9 = 0) = (attempt = 3) THEN $3::uuid ELSE $2::uuid END, now(), now(), 5
  FROM one, generate_series(1, 3) AS attempt WHERE state <> 1
)
UPDATE notify.messages m
SET state = one.state, provider_account_id = CASE WHEN one.n % 9 = 0 THEN $3::uuid ELSE $2::uuid END, attempt_count = 3
FROM one WHERE m.message_id = one.message_id AND one.state <> 1`
