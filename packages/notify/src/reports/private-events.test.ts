import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMetrics, newId, systemClock, toTypeId } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import { MessageState } from '@mainstay/proto/notify/v1'
import type { ProviderEvent, ProviderEventKind } from '../providers/reports.ts'
import { ledgerMigrations, queueMessages, readMessage, TEST_PROJECT } from '../testing/ledger.ts'
import { updateTracking } from '../tracking/settings-store.ts'
import { createReportIntake } from './intake.ts'
import { createReportMetrics } from './metrics.ts'

const ACCOUNT = newId()
const T = Date.now() - 60_000

describe('what recipients did, as providers report it', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const metrics = createMetrics()
  const { dropped } = createReportMetrics(metrics)

  /** A message of a project that has decided what it tracks; an attempt of the account at it has been recorded. */
  async function sent(tracks: { opens: boolean; clicks: boolean } | undefined) {
    const projectId = newId()
    if (tracks !== undefined) {
      const wanted = { trackOpens: tracks.opens, trackClicks: tracks.clicks }
      await updateTracking(database.db, projectId, wanted, new Date())
    }
    const [id = ''] = await queueMessages(database.db, [{ projectId }])
    await database.db.query({
      text: `WITH gone AS (DELETE FROM notify.delivery_queue WHERE message_id = $2),
        sent AS (UPDATE notify.messages SET state = 5 WHERE message_id = $2)
        INSERT INTO notify.delivery_attempts (project_id, message_id, attempt, provider_account_id, start_time, end_time, outcome)
        VALUES ($1, $2, 1, $3, now(), now(), 3)`,
      values: [projectId, id, ACCOUNT],
    })
    const told = (...kinds: ProviderEventKind[]): Promise<void> => {
      const events = kinds.map(
        (kind, place): ProviderEvent => ({
          ...{ eventId: `${id}:${kind}`, kind, timeMs: T + place * 1000 },
          ...{ messageId: toTypeId('msg', id), detail: kind },
        }),
      )
      const account = {
        ...{ projectId, accountId: ACCOUNT, kind: 'scripted', channel: 'whatsapp' as const, live: true },
        ...{ reader: { read: () => ({ events: [] }) }, config: {} },
      }
      const intake = createReportIntake({
        db: database.db,
        clock: systemClock,
        onChanged: () => {},
        onDropped: dropped,
      })
      return intake.store({ account, body: Buffer.from('{}'), events, receivedMs: Date.now() })
    }
    return { projectId, id, told }
  }

  async function known(projectId: string) {
    const { rows } = await database.db.query<Record<string, unknown>>({
      text: `SELECT seen_time AS seen, click_time AS click,
          ARRAY(SELECT kind::int4 FROM notify.provider_events WHERE project_id = $1 ORDER BY kind) AS events,
          ARRAY(SELECT title FROM notify.message_notes WHERE project_id = $1 ORDER BY note_id) AS notes,
          (SELECT count(*)::int4 FROM notify.provider_reports WHERE project_id = $1) AS reports,
          (SELECT count(*)::int4 FROM kernel.outbox WHERE topic = 'notify.messages_seen' AND key = $1::text) AS told
        FROM notify.messages WHERE project_id = $1`,
      values: [projectId],
    })
    return rows[0]
  }

  it('is not stored, nor is the report that tells it, and is counted, unless the project wants it', async () => {
    const { projectId, id, told } = await sent(undefined)
    await told('opened', 'clicked')
    await told('read')
    assert.deepEqual(await known(projectId), {
      ...{ seen: null, click: null, events: [3], notes: ['Delivered'], reports: 0, told: 0 },
    })
    assert.equal((await readMessage(database.db, id)).state, MessageState.DELIVERED)
    for (const event of ['opened', 'clicked', 'read']) {
      const line = `mainstay_notify_report_events_dropped_total{kind="scripted",event="${event}"} 1`
      assert.ok(metrics.render().includes(line), line)
    }
  })

  it('is kept once where the project tracks it: the first time, an entry on the timeline, an event', async () => {
    const { projectId, id, told } = await sent({ opens: true, clicks: true })
    await told('opened', 'clicked')
    await told('opened', 'clicked')
    await told('read')
    assert.deepEqual(await known(projectId), {
      ...{ seen: new Date(T), click: new Date(T + 1000), events: [6, 8, 9] },
      ...{ notes: ['Seen', 'Link followed'], reports: 2, told: 1 },
    })
    assert.equal((await readMessage(database.db, id)).state, MessageState.DELIVERED)
  })

  it('is kept apart: opens without clicks, and clicks, which are seen, without opens', async () => {
    const opens = await sent({ opens: true, clicks: false })
    await opens.told('opened', 'clicked')
    const ofOpens = await known(opens.projectId)
    assert.deepEqual([ofOpens?.events, ofOpens?.click], [[8], null])
    const clicks = await sent({ opens: false, clicks: true })
    await clicks.told('opened', 'clicked')
    const ofClicks = await known(clicks.projectId)
    assert.deepEqual(
      [ofClicks?.events, ofClicks?.seen, ofClicks?.notes],
      [[9], new Date(T + 1000), ['Link followed']],
    )
  })

  it('says delivered once on the timeline, however often it is told', async () => {
    const { projectId, told } = await sent(undefined)
    await told('delivered')
    await told('read')
    assert.deepEqual((await known(projectId))?.notes, ['Delivered'])
  })

  it('does not touch other projects', async () => {
    assert.equal((await known(TEST_PROJECT)) ?? 'nothing', 'nothing')
  })
})
