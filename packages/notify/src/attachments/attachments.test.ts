import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { newId } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { MessageState } from '@mainstay/proto/notify/v1'
import type { StoredAttachment } from '../rendering.ts'
import { ledgerMigrations, queueMessages, readMessage, TEST_PROJECT } from '../testing/ledger.ts'
import { useWorkers } from '../testing/use-workers.ts'
import { scriptAccount } from '../testing/worker.ts'
import { createAttachmentFiles } from './files.ts'
import { deleteOldAttachments, findAttachment, storeAttachments } from './store.ts'

const HOUR_MS = 3_600_000

describe('files of emails', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const startWorker = useWorkers(database)
  const later = new Date(Date.now() + HOUR_MS)

  async function store(
    content: Buffer,
    projectId = TEST_PROJECT,
    keepUntil = later,
  ): Promise<StoredAttachment> {
    const hash = createHash('sha256').update(content).digest('hex')
    await storeAttachments(database.db, projectId, new Map([[hash, content]]), keepUntil)
    return {
      fileName: 'a.bin',
      contentType: 'application/octet-stream',
      contentId: '',
      hash,
      size: content.length,
    }
  }

  const send = async (attachments: readonly StoredAttachment[]) => {
    const content = {
      email: { subject: 'Hi', text: 'Hi', html: '', attachments, replyTo: 'Help <help@a.example>' },
    }
    const [id = ''] = await queueMessages(database.db, [{ content }])
    const account = scriptAccount()
    const worker = await startWorker({ accounts: [account] })
    await waitFor(async () => (await readMessage(database.db, id)).state !== MessageState.ACCEPTED)
    await worker.stop()
    return { message: await readMessage(database.db, id), sent: account.sent }
  }

  it('reach the provider as they were stored, with the address for answers', async () => {
    const files = [await store(Buffer.from([0, 1, 2, 255])), await store(Buffer.alloc(100_000, 7))]
    const { message, sent } = await send(files)
    assert.equal(message.state, MessageState.SENT)
    const [email] = sent
    assert.ok(email?.channel === 'email')
    assert.equal(email.replyTo, 'Help <help@a.example>')
    assert.deepEqual(email.attachments?.[0]?.content, Buffer.from([0, 1, 2, 255]))
    assert.equal(email.attachments?.[1]?.content.length, 100_000)
  })

  it('that are gone fail the message, and nothing is handed over', async () => {
    const gone = await store(Buffer.from('gone'), newId())
    const { message, sent } = await send([gone])
    assert.equal(message.state, MessageState.FAILED)
    assert.match(message.detail ?? '', /no longer stored/)
    assert.deepEqual(sent, [])
  })

  it('are stored once a project however many store them at the same moment, and kept for the last of them', async () => {
    const content = Buffer.from('the logo of a campaign')
    const end = Date.now() + 100 * HOUR_MS
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => store(content, TEST_PROJECT, new Date(end - n * HOUR_MS))),
    )
    const { rows } = await database.db.query<{ count: number; kept: boolean }>({
      text: `SELECT count(*)::int4 AS count, bool_and(keep_until >= $2) AS kept FROM notify.attachments
        WHERE project_id = $1 AND content = $3`,
      values: [TEST_PROJECT, new Date(end), content],
    })
    assert.deepEqual(rows, [{ count: 1, kept: true }])
  })

  it('are deleted when no message can name them any more, and not before', async () => {
    const [old, current] = [Buffer.from('old'), Buffer.from('current')]
    const past = new Date(Date.now() - 100 * HOUR_MS)
    const [{ hash: oldHash }, { hash }] = [await store(old, TEST_PROJECT, past), await store(current)]
    assert.equal(await deleteOldAttachments(database.db, new Date()), 1)
    assert.equal(await findAttachment(database.db, TEST_PROJECT, oldHash), undefined)
    assert.deepEqual(await findAttachment(database.db, TEST_PROJECT, hash), current)
  })

  it('under way are bounded in memory: who does not fit waits, and gives up with its batch', async () => {
    const files = createAttachmentFiles(database.db)
    const { hash } = await store(Buffer.from('x'))
    const heavy = { fileName: 'x', contentType: 'a/b', contentId: '', hash, size: 48 * 1024 * 1024 }
    const open: (() => void)[] = []
    const begin = (signal: AbortSignal) =>
      files.send(TEST_PROJECT, [heavy], signal, async () => {
        await new Promise<void>((resolve) => open.push(resolve))
        return { outcome: 'accepted', reply: 'ok' }
      })
    const patient = new AbortController()
    const hasty = new AbortController()
    const [first, second, third] = [begin(patient.signal), begin(hasty.signal), begin(patient.signal)]
    await waitFor(() => open.length === 1)
    hasty.abort()
    assert.equal((await second).outcome, 'rejected_transient')
    assert.equal(open.length, 1)
    open[0]?.()
    assert.equal((await first).outcome, 'accepted')
    await waitFor(() => open.length === 2)
    open[1]?.()
    assert.equal((await third).outcome, 'accepted')
  })
})
