import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { MessageState } from '@mainstay/proto/notify/v1'
import { type Draft, insertBatch } from '../accept/store.ts'
import { draft } from '../testing/drafts.ts'
import { ledgerMigrations, readMessage } from '../testing/ledger.ts'
import { storeCategory, storeContactSettings, storePreference } from '../testing/preferences.ts'
import { useWorkers } from '../testing/use-workers.ts'
import { scriptAccount } from '../testing/worker.ts'

const DAY_MS = 86_400_000

describe('what changes while a message waits', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const startWorker = useWorkers(database)

  async function accept(changes: Partial<Draft>): Promise<Draft> {
    const one = draft({ recipientId: 'ann', category: 'offers', ...changes })
    await insertBatch(database.db, [one], Date.now() + DAY_MS)
    return one
  }

  it('holds: what a recipient has switched off meanwhile is skipped, with a note', async () => {
    const account = scriptAccount()
    await storeCategory(database.db, 'offers')
    const off = await accept({})
    const on = await accept({ recipientId: 'bea' })
    await storePreference(database.db, 'ann', ['offers', 1, false])
    await startWorker({ accounts: [account] })
    await waitFor(async () => (await readMessage(database.db, on.messageId)).state === MessageState.SENT)
    await waitFor(async () => (await readMessage(database.db, off.messageId)).state === MessageState.SKIPPED)
    const { detail } = await readMessage(database.db, off.messageId)
    assert.equal(detail, 'The recipient has switched off "Offers" by email.')
    assert.equal(account.sent.length, 1)
    assert.deepEqual(await notesOf(off), [{ kind: 8, title: 'Ended without an attempt', detail }])
  })

  it('holds: quiet hours that have begun keep it until they end, which its timeline tells once', async () => {
    const account = scriptAccount()
    const night = await accept({ recipientId: 'cid' })
    const now = new Date()
    const minute = now.getUTCHours() * 60 + now.getUTCMinutes()
    const windows = [{ start: (minute + 1430) % 1440, end: (minute + 120) % 1440, days: [] }]
    await storeContactSettings(database.db, { windows })
    await startWorker({ accounts: [account] })
    await waitFor(async () => (await notesOf(night)).length > 0)
    const { state, detail } = await readMessage(database.db, night.messageId)
    assert.equal(state, MessageState.ACCEPTED)
    assert.match(detail ?? '', /^Quiet hours in UTC until \d\d:\d\d$/)
    assert.deepEqual(await notesOf(night), [{ kind: 15, title: detail, detail: null }])
    assert.equal(account.sent.length, 0)
    const { rows } = await database.db.query<{ due: Date }>({
      text: 'SELECT due_time AS due FROM notify.delivery_queue WHERE message_id = $1',
      values: [night.messageId],
    })
    const end = new Date(now)
    end.setUTCHours(0, minute + 120, 0, 0)
    assert.equal(rows[0]?.due.getTime(), Math.min(end.getTime(), night.expireMs))
  })

  async function notesOf({ messageId }: Draft) {
    const { rows } = await database.db.query<{ kind: number; title: string; detail: string | null }>({
      text: 'SELECT kind, title, detail FROM notify.message_notes WHERE message_id = $1 ORDER BY note_id',
      values: [messageId],
    })
    return rows
  }
})
