import type { Logger } from '@mainstay/kernel'
import { type Db, newId } from '@mainstay/kernel'
import { registerWorker, releaseWorker, renewLease } from './lease-store.ts'

/** This worker's claim on being alive. */
export interface Lease {
  /** uuid; changes when the lease was lost. What was claimed under an old one is no longer ours. */
  workerId(): string
  /** True when the lease may have run out without our renewing it: nothing new may be started. */
  lapsed(): boolean
  start(): Promise<void>
  /** Registers anew after the lease was lost. */
  renew(): Promise<void>
  /** Ends the lease. What is still under way is settled by others. */
  release(): Promise<void>
}

/** Renews every third of the lease, so that two renewals in a row may fail before anything is lost. */
export function createLease(db: Db, leaseMs: number, logger: Logger): Lease {
  let workerId = newId()
  // Counted from before the renewal was sent: the database's lease ends later than this, never earlier.
  let endsAt = 0
  let timer: NodeJS.Timeout | undefined
  let renewing: Promise<void> | undefined

  async function renewOnce(): Promise<void> {
    const sentAt = performance.now()
    if (!(await renewLease(db, workerId, leaseMs))) {
      const lost = workerId
      workerId = newId()
      logger.warn(
        { lost, workerId },
        'this worker was declared dead while it was busy or cut off; it starts anew',
      )
      await registerWorker(db, workerId, leaseMs)
    }
    endsAt = sentAt + leaseMs
  }

  const renew = (): Promise<void> => {
    renewing ??= renewOnce().finally(() => {
      renewing = undefined
    })
    return renewing
  }

  return {
    workerId: () => workerId,
    lapsed: () => performance.now() >= endsAt,
    async start() {
      const sentAt = performance.now()
      await registerWorker(db, workerId, leaseMs)
      endsAt = sentAt + leaseMs
      timer = setInterval(() => {
        renew().catch((err: unknown) => logger.warn({ err }, 'a worker lease could not be renewed'))
      }, leaseMs / 3)
    },
    renew,
    async release() {
      clearInterval(timer)
      await renewing?.catch(() => undefined)
      endsAt = 0
      await releaseWorker(db, workerId)
    },
  }
}
