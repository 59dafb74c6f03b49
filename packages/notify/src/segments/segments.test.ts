import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { beforeEach, describe, it } from 'node:test'
import { create, type JsonObject, type MessageInitShape } from '@bufbuild/protobuf'
import { createPageTokens, systemClock } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import * as contract from '@mainstay/proto/notify/v1/recipients'
import { peopleHandlers } from '../recipients/people-api.ts'
import { testCall } from '../testing/call.ts'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { testRecipients } from '../testing/people.ts'

const PRO: JsonObject = { field: 'attributes.plan', op: 'eq', value: 'pro' }

describe('a segment', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const pageTokens = createPageTokens(randomBytes(32))
  beforeEach(async () => {
    const { db } = database
    await db.query({ text: 'TRUNCATE notify.recipients, notify.topics, notify.segments CASCADE' })
    await db.query({
      text: `INSERT INTO notify.recipients (project_id, recipient_id, attributes, create_time, update_time)
        SELECT $1, 'user-' || lpad(n::text, 3, '0'), jsonb_build_object('plan', CASE WHEN n % 4 = 0 THEN 'pro' ELSE 'free' END,
          'n', n), now(), now() FROM generate_series(0, 99) n`,
      values: [TEST_PROJECT],
    })
  })

  const people = (countTimeoutMs = 30_000) => {
    const { db } = database
    return peopleHandlers({
      db,
      clock: systemClock,
      pageTokens,
      recipients: testRecipients(db),
      countTimeoutMs,
    })
  }
  const make = async (segment: string, rule: JsonObject | undefined = PRO) =>
    create(
      contract.SegmentSchema,
      await people().createSegment(
        create(contract.CreateSegmentRequestSchema, { segment: { segment, ...(rule && { rule }) } }),
        testCall(),
      ),
    )
  const change = async (segment: MessageInitShape<typeof contract.SegmentSchema>, paths: string[] = []) =>
    create(
      contract.SegmentSchema,
      await people().updateSegment(
        create(contract.UpdateSegmentRequestSchema, { segment, updateMask: { paths } }),
        testCall(),
      ),
    )
  const preview = async (of: contract.PreviewSegmentRequest['of'], countTimeoutMs?: number) =>
    create(
      contract.SegmentPreviewSchema,
      await people(countTimeoutMs).previewSegment(
        create(contract.PreviewSegmentRequestSchema, { of }),
        testCall(),
      ),
    )

  it('is made, read, changed, listed and deleted', async () => {
    const made = await make('pros')
    assert.deepEqual(made.rule, PRO)
    await assert.rejects(make('pros'), { code: 'already_exists', reason: 'notify.segment_exists' })
    const renamed = await change({ segment: 'pros', displayName: 'Those who pay' }, ['display_name'])
    assert.deepEqual([renamed.displayName, renamed.rule], ['Those who pay', PRO])
    await make('everybody', { all: [] })
    const { segments } = await people().listSegments(create(contract.ListSegmentsRequestSchema), testCall())
    assert.deepEqual(
      segments?.map(({ segment }) => segment),
      ['everybody', 'pros'],
    )
    const get = () =>
      people().getSegment(create(contract.GetSegmentRequestSchema, { segment: 'pros' }), testCall())
    assert.equal((await get()).etag, renamed.etag)
    const remove = async () =>
      people().deleteSegment(create(contract.DeleteSegmentRequestSchema, { segment: 'pros' }), testCall())
    await remove()
    for (const call of [get, remove, () => change({ segment: 'pros' }, ['display_name'])]) {
      await assert.rejects(async () => call(), { code: 'not_found', reason: 'notify.segment_not_found' })
    }
  })

  it('is not changed over what somebody else has changed', async () => {
    const { etag } = await make('pros')
    const answers = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) =>
        change({ segment: 'pros', displayName: `${n}`, etag }, ['display_name']),
      ),
    )
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.reason] : []))
    assert.deepEqual(refused, Array(49).fill('notify.etag_mismatch'))
    await assert.rejects(change({ segment: 'pros', etag: 'abc' }, ['description']), {
      reason: 'notify.etag_mismatch',
    })
  })

  it('with a rule that is wrong is refused with its path', async () => {
    const wrong = { any: [PRO, { field: 'age', op: 'eq', value: 1 }] }
    for (const call of [
      () => make('wrong', wrong),
      () => change({ segment: 'wrong', rule: wrong }, ['rule']),
    ]) {
      await assert.rejects(call(), (error: { reason: string; violations: { field: string }[] }) => {
        assert.equal(error.reason, 'notify.request_invalid')
        assert.equal(error.violations[0]?.field, 'segment.rule.any[1].field')
        return true
      })
    }
    await assert.rejects(change({ segment: 'wrong' }), {
      violations: [{ field: 'segment.rule', description: 'must be set' }],
    })
    await assert.rejects(change({ segment: 'wrong' }, ['name']), { reason: 'notify.request_invalid' })
  })

  it('is previewed with its count and some of its people, and lists filter by it', async () => {
    const rule = { all: [PRO, { field: 'attributes.n', op: 'lt', value: 60 }] }
    const found = await preview({ case: 'rule', value: rule })
    assert.deepEqual([found.count, found.estimated, found.sample.length], [15n, false, 10])
    assert.deepEqual(
      found.sample.slice(0, 2).map(({ recipientId }) => recipientId),
      ['user-000', 'user-004'],
    )
    await make('early-pros', rule)
    assert.equal((await preview({ case: 'segment', value: 'early-pros' })).count, 15n)
    await assert.rejects(preview({ case: 'segment', value: 'nope' }), { reason: 'notify.segment_not_found' })
    const filter = { segment: 'early-pros', text: 'user-05' }
    const { recipients } = await people().listRecipients(
      create(contract.ListRecipientsRequestSchema, { filter }),
      testCall(),
    )
    assert.deepEqual(
      recipients?.map(({ recipientId }) => recipientId),
      ['user-052', 'user-056'],
    )
  })

  it('is estimated where counting takes too long', async () => {
    const { db } = database
    await db.query({ text: 'ANALYZE notify.recipients' })
    const lock = Promise.withResolvers<void>()
    const isLocked = Promise.withResolvers<void>()
    const holding = db.transaction(async (tx) => {
      await tx.query({ text: 'LOCK TABLE notify.recipients' })
      isLocked.resolve()
      await lock.promise
    })
    await isLocked.promise
    const asked = preview({ case: 'rule', value: { all: [] } }, 50)
    // The count has given up once the question after it waits for the table.
    await waitFor(async () => {
      const { rows } = await db.query({
        text: `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'EXPLAIN%'
          AND wait_event_type = 'Lock'`,
      })
      return rows.length > 0
    })
    lock.resolve()
    await holding
    const { count, estimated, sample } = await asked
    assert.deepEqual([count, estimated, sample], [100n, true, []])
  })
})
