import assert from 'node:assert/strict'
import { createDb, type Db, migrate, toTypeId } from '@mainstay/kernel'
import { startTestServer } from '@mainstay/kernel/testing'
import { AttemptOutcome, MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import {
  type CrashOptions,
  createWorkers,
  findWrongTransitions,
  queueAll,
  watchStates,
} from './crash-crew.ts'
import { countQueued, ledgerMigrations } from './ledger.ts'
import { type Act, type Point, type SmtpPeer, startSmtpPeer } from './smtp-peer.ts'

export interface CrashReport {
  seconds: number
  kills: number
  sent: number
  parked: number
  /** Messages that the peer got more than once. */
  duplicates: number
  flagged: number
  /** Answers that the peer lost after the final dot. */
  lostAnswers: number
}

/**
 * Delivers messages over real SMTP from a durable PostgreSQL by worker processes that are killed at random, to a peer
 * that refuses, hangs up and loses its answer after the final dot; and then checks every promise against what the peer
 * really got.
 */
export async function crashAndCheck(options: CrashOptions): Promise<CrashReport> {
  const server = await startTestServer({ durable: true })
  const db = createDb({ connectionString: server.postgres.superuserConnectionString, poolSize: 4 })
  const lost = { count: 0 }
  const peer = await startSmtpPeer({ act: (point) => misbehave(point, lost), pipelining: true })
  const crew = createWorkers(
    options,
    server.postgres.superuserConnectionString,
    `smtp://127.0.0.1:${peer.port}`,
  )
  try {
    await migrate(db, ledgerMigrations)
    await watchStates(db)
    const policies = await queueAll(db, options.messages)
    const startedAt = performance.now()
    const kills = await crew.workUntil(async () => (await countQueued(db)) === 0, {
      timeoutMs: options.timeoutMs,
      everyMs: 50,
      what: 'every message to be settled',
    })
    const seconds = (performance.now() - startedAt) / 1000
    return { seconds, kills, lostAnswers: lost.count, ...(await check(db, peer, policies)) }
  } finally {
    await crew.stop()
    await peer.close()
    await db.close()
    await server.stop()
  }
}

/** Once in a while it refuses for now, hangs up before the message, and, worst, takes it and loses the answer. */
function misbehave(point: Point, lost: { count: number }): Act {
  const dice = Math.random()
  if (point === 'rcpt' && dice < 0.02) return { reply: '451 4.3.0 try again later' }
  if (point === 'data' && dice < 0.01) return 'reset'
  if (point === 'body' && dice < 0.01) return 'close'
  if (point === 'dot' && dice < 0.02) {
    lost.count++
    return dice < 0.01 ? 'close' : 'reset'
  }
  return 'go'
}

interface Settled {
  messageId: string
  state: MessageState
  possibleDuplicate: boolean
  outcomes: AttemptOutcome[]
}

async function check(db: Db, peer: SmtpPeer, policies: Map<string, UnknownPolicy>) {
  const received = countMails(peer)
  const { rows } = await db.query<Settled>({
    text: `SELECT m.message_id AS "messageId", m.state, m.possible_duplicate AS "possibleDuplicate",
        array_agg(a.outcome ORDER BY a.attempt) AS outcomes
      FROM notify.messages m JOIN notify.delivery_attempts a USING (project_id, message_id)
      GROUP BY m.project_id, m.message_id`,
  })
  assert.equal(rows.length, policies.size, 'every message was attempted')
  const tally = { sent: 0, parked: 0, duplicates: 0, flagged: 0 }
  for (const { messageId, state, possibleDuplicate, outcomes } of rows) {
    const id = toTypeId('msg', messageId)
    const copies = received.get(id) ?? 0
    const told = `${id} (${MessageState[state]}, ${outcomes.map((o) => AttemptOutcome[o])}, ${copies} copies)`
    const atMostOnce = policies.get(id) === UnknownPolicy.AT_MOST_ONCE
    if (state === MessageState.SENT) {
      tally.sent++
      assert.ok(copies >= 1, `${told} is called sent and never arrived`)
    } else {
      tally.parked++
      assert.equal(state, MessageState.UNKNOWN, `${told} should be sent or parked`)
      assert.ok(atMostOnce, `${told} is parked though it may be sent again`)
    }
    if (atMostOnce) assert.ok(copies <= 1, `${told} may be sent at most once`)
    if (possibleDuplicate) tally.flagged++
    if (copies > 1) {
      tally.duplicates++
      assert.ok(possibleDuplicate, `${told} is a duplicate without its flag`)
      assert.ok(
        outcomes.includes(AttemptOutcome.UNKNOWN),
        `${told} is a duplicate without a doubtful attempt`,
      )
    }
    assert.equal(possibleDuplicate, !atMostOnce && outcomes.includes(AttemptOutcome.UNKNOWN), told)
  }
  assert.deepEqual(await findWrongTransitions(db), [])
  return tally
}

function countMails(peer: SmtpPeer): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { content } of peer.mails) {
    const id = /^Message-ID: <(msg_[0-9a-z]{26})@/im.exec(content)?.[1]
    assert.ok(id, 'a mail came without its Message-ID')
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}
