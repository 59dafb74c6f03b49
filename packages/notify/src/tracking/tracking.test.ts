import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { newId, systemClock } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { MessageState } from '@mainstay/proto/notify/v1'
import { ledgerMigrations, queueMessages, readMessage } from '../testing/ledger.ts'
import { useWorkers } from '../testing/use-workers.ts'
import { scriptAccount } from '../testing/worker.ts'
import { createTrackingReceiver } from './receiver.ts'
import { updateTracking } from './settings-store.ts'
import { createTrackingTokens } from './tokens.ts'
import { createTracker } from './tracker.ts'

const HTML = `<body><a href="https://shop.example/orders/1">Your order</a>
<a href="https://m.example/p/abc">Preferences</a> <a href="https://shop.example/unsubscribe">No more</a></body>`
const PERSON = { method: 'GET', headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux) Firefox/140.0' } }

describe('tracking of mail', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const startWorker = useWorkers(database)
  const tokens = createTrackingTokens(randomBytes(32))

  /** What the provider of a project that tracks this much gets of the mail. */
  async function send(tracks: { opens: boolean; clicks: boolean }, lane = 2) {
    const projectId = newId()
    const wanted = { trackOpens: tracks.opens, trackClicks: tracks.clicks }
    await updateTracking(database.db, projectId, wanted, new Date())
    const content = { email: { subject: 'Hi', text: 'Hi', html: HTML } }
    const [id = ''] = await queueMessages(database.db, [{ projectId, content, lane }])
    const account = scriptAccount()
    const worker = await startWorker({
      accounts: [account],
      track: createTracker({ db: database.db, tokens, publicUrl: 'https://m.example/' }),
    })
    await waitFor(async () => (await readMessage(database.db, id)).state === MessageState.SENT)
    await worker.stop()
    const sent = account.sent.find((message) => message.projectId === projectId)
    assert.ok(sent?.channel === 'email')
    return {
      projectId,
      html: sent.html,
      click: /https:\/\/m\.example\/c\/([\w-]+)/.exec(sent.html)?.[1] ?? '',
      open: /https:\/\/m\.example\/o\/([\w-]+)\.gif/.exec(sent.html)?.[1] ?? '',
    }
  }

  const receiver = () =>
    createTrackingReceiver({
      ...{ db: database.db, clock: systemClock, tokens, onChanged: () => {} },
      logger: { error: (facts: unknown) => assert.fail(String(facts)) },
    })

  async function known(projectId: string): Promise<[boolean, boolean]> {
    const { rows } = await database.db.query<{ seen: boolean; clicked: boolean }>({
      text: `SELECT seen_time IS NOT NULL AS seen, click_time IS NOT NULL AS clicked
        FROM notify.messages WHERE project_id = $1`,
      values: [projectId],
    })
    return [rows[0]?.seen ?? false, rows[0]?.clicked ?? false]
  }

  it('is off until the project wants it, and never touches one-time codes', async () => {
    assert.equal((await send({ opens: false, clicks: false })).html, HTML)
    assert.equal((await send({ opens: true, clicks: true }, 1)).html, HTML)
  })

  it('leads to where the link led, and notes the click; our own pages and unsubscribing stay as they are', async () => {
    const { projectId, html, click, open } = await send({ opens: false, clicks: true })
    assert.equal(open, '')
    assert.ok(html.includes('href="https://m.example/p/abc"'))
    assert.ok(html.includes('href="https://shop.example/unsubscribe"'))
    assert.equal(await receiver().click(click, PERSON), 'https://shop.example/orders/1')
    assert.deepEqual(await known(projectId), [true, true])
  })

  it('notes an opened mail by its picture', async () => {
    const { projectId, click, open } = await send({ opens: true, clicks: false })
    assert.equal(click, '')
    assert.equal(await receiver().open(open, PERSON), true)
    assert.deepEqual(await known(projectId), [true, false])
  })

  it('notes nothing of what says that it is a program, and still leads on', async () => {
    const { projectId, click, open } = await send({ opens: true, clicks: true })
    for (const fetching of [
      { ...PERSON, method: 'HEAD' },
      { method: 'GET', headers: {} },
      { method: 'GET', headers: { ...PERSON.headers, 'sec-purpose': 'prefetch;prerender' } },
      { method: 'GET', headers: { ...PERSON.headers, purpose: 'prefetch' } },
      { method: 'GET', headers: { 'user-agent': 'Slackbot-LinkExpanding 1.0' } },
      { method: 'GET', headers: { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1)' } },
      { method: 'GET', headers: { 'user-agent': 'curl/8.5.0' } },
    ]) {
      assert.equal(await receiver().click(click, fetching), 'https://shop.example/orders/1')
      assert.equal(await receiver().open(open, fetching), true)
    }
    assert.deepEqual(await known(projectId), [false, false])
  })

  it('is not believed for a token of the other kind, nor for a message of another project', async () => {
    const { projectId, click, open } = await send({ opens: true, clicks: true })
    assert.equal(await receiver().click(open, PERSON), undefined)
    assert.equal(await receiver().open(click, PERSON), false)
    const token = tokens.read(click)
    assert.ok(token !== undefined)
    const foreign = newId()
    await updateTracking(database.db, foreign, { trackOpens: true, trackClicks: true }, new Date())
    await receiver().click(tokens.write({ ...token, projectId: foreign }), PERSON)
    assert.deepEqual(await known(projectId), [false, false])
  })

  it('leads on, and notes nothing, once the project has switched it off again', async () => {
    const { projectId, click, open } = await send({ opens: true, clicks: true })
    await updateTracking(database.db, projectId, { trackOpens: false, trackClicks: false }, new Date())
    assert.equal(await receiver().click(click, PERSON), 'https://shop.example/orders/1')
    assert.equal(await receiver().open(open, PERSON), true)
    assert.deepEqual(await known(projectId), [false, false])
  })

  it('notes a hundred clicks on one link at the same moment once', async () => {
    const { projectId, click } = await send({ opens: true, clicks: true })
    const processes = [receiver(), receiver(), receiver()]
    await Promise.all(Array.from({ length: 100 }, (_, n) => processes[n % 3]?.click(click, PERSON)))
    await Promise.all(processes.map((one) => one.idle()))
    const { rows } = await database.db.query<{ count: number }>({
      text: `SELECT count(*)::int4 AS count FROM kernel.outbox WHERE topic = 'notify.messages_seen' AND key = $1`,
      values: [projectId],
    })
    assert.equal(rows[0]?.count, 1)
  })
})
