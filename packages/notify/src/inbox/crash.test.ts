import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDb, migrate } from '@mainstay/kernel'
import { startTestServer } from '@mainstay/kernel/testing'
import { insertBatch } from '../accept/store.ts'
import { createWorkers } from '../testing/crash-crew.ts'
import { draft } from '../testing/drafts.ts'
import { countQueued, countStates, ledgerMigrations } from '../testing/ledger.ts'

const MESSAGES = 3000
const RECIPIENTS = 40

test('killed couriers lose no item and deliver none twice', async () => {
  const server = await startTestServer({ durable: true })
  const url = server.postgres.superuserConnectionString
  const db = createDb({ connectionString: url, poolSize: 4 })
  const main = new URL('../testing/crash-courier-main.ts', import.meta.url)
  const options = {
    messages: MESSAGES,
    workers: 3,
    killEveryMs: 500,
    mostKills: 5,
    leaseMs: 0,
    timeoutMs: 120_000,
    main,
  }
  const crew = createWorkers(options, url, '')
  try {
    await migrate(db, ledgerMigrations)
    const content = JSON.stringify({
      inbox: {
        title: 'Hello',
        body: '',
        actionUrl: '',
        actionLabel: '',
        imageUrl: '',
        icon: '',
        severity: 1,
        data: {},
        groupKey: '',
      },
    })
    const waves = 60
    const accept = async (wave: number): Promise<void> => {
      const drafts = Array.from({ length: MESSAGES / waves }, (_, n) => {
        const recipientId = `recipient-${(wave * 7 + n) % RECIPIENTS}`
        return draft({ channel: 7, to: recipientId, recipientId, content, class: 1 + (n % 3) })
      })
      await insertBatch(db, drafts, Date.now() + 3_600_000)
    }
    let wave = 0
    const kills = await crew.workUntil(
      async (kills) => {
        // Work comes in while they die, so that each has its hand on something; the last of it when somebody has.
        if (wave < waves - 1 || (wave < waves && kills > 0)) await accept(wave++)
        return wave === waves && (await countQueued(db)) === 0
      },
      { timeoutMs: options.timeoutMs, what: 'every item to be delivered' },
    )
    assert.ok(kills >= 1, `${kills} were killed`)
    assert.deepEqual(await countStates(db), { DELIVERED: MESSAGES })
    const { rows } = await db.query<{ items: number; messages: number; wrong: number; gaps: number }>({
      text: `SELECT count(*)::int4 AS items, count(DISTINCT message_id)::int4 AS messages,
          (SELECT count(*)::int4 FROM notify.inboxes b WHERE unread_count <> (SELECT count(*) FROM notify.inbox_items i
            WHERE i.project_id = b.project_id AND i.live = b.live AND i.recipient_id = b.recipient_id)) AS wrong,
          (SELECT count(*)::int4 FROM notify.inboxes b WHERE change_seq <> (SELECT count(*) FROM notify.inbox_changes c
            WHERE c.project_id = b.project_id AND c.live = b.live AND c.recipient_id = b.recipient_id)) AS gaps
        FROM notify.inbox_items`,
    })
    assert.deepEqual(rows, [{ items: MESSAGES, messages: MESSAGES, wrong: 0, gaps: 0 }])
  } finally {
    await crew.stop()
    await db.close()
    await server.stop()
  }
})
