import {
  type AppError,
  type Bus,
  type Clock,
  type Db,
  type Logger,
  type Metrics,
  toAppError,
} from '@mainstay/kernel'
import { createDueLoop } from '../due-loop.ts'
import {
  deleteEnqueued,
  type EnqueuedRow,
  failEnqueued,
  nextEnqueuedDueMs,
  pickEnqueued,
  postponeEnqueued,
} from './store.ts'

/** Where `mainstay.enqueue` says that there is something new. */
export const ENQUEUED_CHANNEL = 'notify_enqueued'

const BATCH = 200
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 300_000

export interface TakerDeps {
  db: Db
  bus: Pick<Bus, 'listen'>
  clock: Clock
  logger: Logger
  metrics: Metrics
  /** Accepts one as a notification, once however often it is asked with the same row. */
  accept(row: EnqueuedRow): Promise<void>
}

/**
 * Takes what applications enqueued in their own transactions into the ledger.
 *
 * The rows stay locked while they are accepted, each in the ledger's own commit, and are deleted after it. A process that dies
 * in between leaves rows that are accepted again, and their dedupe key makes that one. What can never be accepted stays in
 * the table with its reason; all else is tried again until it can be.
 */
export function createTaker({ db, bus, clock, logger, metrics, accept }: TakerDeps) {
  const outcomes = metrics.counter({
    name: 'mainstay_notify_enqueued_total',
    help: 'What applications enqueued in their own transactions, by outcome: accepted, postponed, failed.',
    labels: ['outcome'],
  })
  let unlisten: (() => void) | undefined

  async function takeBatch(): Promise<number> {
    return db.transaction(async (tx) => {
      const rows = await pickEnqueued(tx, clock.nowMs(), BATCH)
      const results = await Promise.allSettled(rows.map(accept))
      const taken = rows.filter((_, index) => results[index]?.status === 'fulfilled')
      for (const [index, row] of rows.entries()) {
        const result = results[index]
        if (result?.status !== 'rejected') continue
        const error = toAppError(result.reason)
        if (isHopeless(error)) {
          await failEnqueued(tx, row, { reason: error.reason, detail: describe(error) })
          logger.error(
            { enqueuedId: row.enqueuedId, reason: error.reason },
            'an enqueued notification can never be accepted: see mainstay.enqueue_failures',
          )
          outcomes.inc({ outcome: 'failed' })
        } else {
          const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(row.tries, 20))
          await postponeEnqueued(tx, row, clock.nowMs() + waitMs)
          logger.warn({ enqueuedId: row.enqueuedId, err: error }, 'an enqueued notification has to wait')
          outcomes.inc({ outcome: 'postponed' })
        }
      }
      if (taken.length > 0) {
        await deleteEnqueued(tx, taken)
        outcomes.inc({ outcome: 'accepted' }, taken.length)
      }
      return rows.length
    })
  }

  const loop = createDueLoop({
    ...{ clock, logger },
    nextDueMs: () => nextEnqueuedDueMs(db),
    work: async () => (await takeBatch()) > 0,
    failure: 'enqueued notifications could not be taken; trying again',
  })

  return {
    async start(): Promise<void> {
      unlisten = await bus.listen(ENQUEUED_CHANNEL, loop.wake)
      loop.start()
    },
    async stop(): Promise<void> {
      unlisten?.()
      await loop.stop()
    },
  }
}

/** What the request says is wrong and stays wrong. A missing template or provider may still come. */
function isHopeless({ code, reason }: AppError): boolean {
  return code === 'invalid_argument' || reason === 'notify.recipient_unreachable'
}

function describe({ message, violations }: AppError): string {
  const details = violations.map(({ field, description }) => `${field}: ${description}`)
  return [message, ...details].join('\n')
}
