import { afterEach } from 'node:test'
import type { Db } from '@mainstay/kernel'
import type { Deliverer } from '../deliver/deliverer.ts'
import { createTestWorker, type TestWorkerOptions } from './worker.ts'

/** Call inside `describe`: starts workers that are stopped after each test, when the ledger is emptied too. */
export function useWorkers(database: {
  readonly db: Db
}): (options?: TestWorkerOptions) => Promise<Deliverer> {
  const workers: Deliverer[] = []
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()))
    await database.db.query({
      text: `TRUNCATE notify.delivery_queue, notify.messages, notify.delivery_attempts, notify.message_changes,
        kernel.outbox`,
    })
  })
  return async (options = {}) => {
    const worker = createTestWorker(database.db, options)
    workers.push(worker)
    await worker.start()
    return worker
  }
}
