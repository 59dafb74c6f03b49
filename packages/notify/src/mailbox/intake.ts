import { type Clock, type Db, type Logger, newId, type Tx } from '@mainstay/kernel'
import { walkIndexes } from '../deliver/batch-sql.ts'
import { createNewestOnly } from '../newest-only.ts'
import { type Delivered, type Incoming, storeMails, trimMails } from './store.ts'

export interface IntakeDeps {
  db: Db
  clock: Clock
  logger: Pick<Logger, 'warn'>
  /** Mails that a project's mailbox keeps. */
  keep: number
  /** Called in the transaction that marked messages as delivered. */
  announceDelivered(tx: Tx, delivered: readonly Delivered[]): Promise<void>
}

export interface Intake {
  /** Resolves with the mail's uuid once it is stored durably. */
  store(mail: Omit<Incoming, 'mail_id'>): Promise<string>
  /** Resolves once nothing is being stored. */
  idle(): Promise<void>
}

interface Entry {
  mail: Incoming
  resolve(mailId: string): void
  reject(error: unknown): void
}

/** A batch is bounded in bytes as well: it travels as one parameter. */
const MAX_BATCH = 200
const MAX_BATCH_BYTES = 8 * 1024 * 1024

/** Stores mails in batches: whatever comes in while one commit is under way makes up the next one. */
export function createIntake(deps: IntakeDeps): Intake {
  const { db, clock } = deps
  const waiting: Entry[] = []
  const keepNewest = createNewestOnly({
    trim: (projectId) => trimMails(db, projectId, deps.keep),
    logger: deps.logger,
    what: 'the sandbox mailbox',
  })
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    while (waiting.length > 0) await storeBatch(takeBatch(waiting))
    running = undefined
  }

  async function storeBatch(batch: readonly Entry[]): Promise<void> {
    try {
      await commit(batch)
      for (const { mail, resolve } of batch) resolve(mail.mail_id)
    } catch (error) {
      // One mail that the database refuses must not take the others with it.
      if (batch.length === 1) batch[0]?.reject(error)
      else for (const entry of batch) await storeBatch([entry])
    }
    for (const { mail } of batch) await keepNewest(mail.project_id)
  }

  async function commit(batch: readonly Entry[]): Promise<void> {
    const arrivals = batch.map(({ mail }) => ({ ...mail, noteId: newId(clock) }))
    await db.transaction(async (tx) => {
      const delivered = await storeMails(tx, arrivals, clock.now())
      if (delivered.length > 0) await deps.announceDelivered(tx, delivered)
    }, walkIndexes)
  }

  return {
    store(mail) {
      return new Promise((resolve, reject) => {
        waiting.push({ mail: { ...mail, mail_id: newId(clock) }, resolve, reject })
        running ??= run()
      })
    },
    idle: () => running ?? Promise.resolve(),
  }
}

function takeBatch(waiting: Entry[]): Entry[] {
  let count = 0
  let bytes = 0
  for (const { mail } of waiting.slice(0, MAX_BATCH)) {
    bytes += mail.size_bytes
    if (count > 0 && bytes > MAX_BATCH_BYTES) break
    count++
  }
  return waiting.splice(0, count)
}
