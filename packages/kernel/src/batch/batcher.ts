import { appError, reasons } from '../errors.ts'

export interface BatcherOptions<Ask, Answer> {
  /**
   * Does the work of a whole batch, and answers each ask at its place. When it throws, each of several asks is tried alone, so
   * that one which the database refuses takes none of the others with it: what throws must have left nothing behind.
   */
  run(asks: readonly Ask[]): Promise<readonly Answer[]>
  /** Two asks with one key never share a batch, and go in the order they came. Default: any may. */
  keyOf?(ask: Ask): string
  /** Most asks in one batch. Default 64. */
  maxBatch?: number
  /** Batches under way at the same time. Default 1: what waits meanwhile makes the next one larger, and so cheaper. */
  concurrency?: number
  /** Asks that may wait; beyond it `submit` throws `kernel.database_busy`. Default 10,000. */
  maxWaiting?: number
}

export interface Batcher<Ask, Answer> {
  submit(ask: Ask): Promise<Answer>
}

interface Waiting<Ask, Answer> {
  ask: Ask
  key: string | undefined
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/**
 * Lets calls that are made at the same time share statements and a commit: what arrives while a batch is under way goes into the
 * next one. A lone caller waits for a turn of the event loop and no longer. For the database a batch of fifty costs little more
 * than one, since round trips and commits are what it pays for (bench/identity).
 */
export function createBatcher<Ask, Answer>(options: BatcherOptions<Ask, Answer>): Batcher<Ask, Answer> {
  const { run, keyOf, maxBatch = 64, concurrency = 1, maxWaiting = 10_000 } = options
  let waiting: Waiting<Ask, Answer>[] = []
  const busyKeys = new Set<string>()
  let inFlight = 0
  let scheduled = false

  const take = (): Waiting<Ask, Answer>[] => {
    const batch: Waiting<Ask, Answer>[] = []
    const later: Waiting<Ask, Answer>[] = []
    const taken = new Set<string>()
    for (const item of waiting) {
      // A key that has to wait keeps those behind it waiting, too.
      const blocked = item.key !== undefined && (busyKeys.has(item.key) || taken.has(item.key))
      if (item.key !== undefined) taken.add(item.key)
      if (blocked || batch.length >= maxBatch) later.push(item)
      else batch.push(item)
    }
    waiting = later
    for (const { key } of batch) if (key !== undefined) busyKeys.add(key)
    return batch
  }

  const answer = async (batch: readonly Waiting<Ask, Answer>[]): Promise<void> => {
    try {
      const answers = await run(batch.map(({ ask }) => ask))
      if (answers.length !== batch.length) throw new TypeError('A batch answers each of its asks')
      for (const [index, item] of batch.entries()) item.resolve(answers[index] as Answer)
    } catch (error) {
      const [first] = batch
      if (batch.length === 1 && first !== undefined) first.reject(error)
      else for (const item of batch) await answer([item])
    }
  }

  const pump = (): void => {
    while (inFlight < concurrency && waiting.length > 0) {
      const batch = take()
      if (batch.length === 0) return
      inFlight++
      void answer(batch).finally(() => {
        inFlight--
        for (const { key } of batch) if (key !== undefined) busyKeys.delete(key)
        pump()
      })
    }
  }

  return {
    submit(ask) {
      if (waiting.length >= maxWaiting) {
        throw appError(
          reasons,
          'kernel.database_busy',
          'Too many calls wait for the database. Try again shortly.',
          {
            retryAfterMs: 1000,
          },
        )
      }
      return new Promise<Answer>((resolve, reject) => {
        waiting.push({ ask, key: keyOf?.(ask), resolve, reject })
        if (scheduled) return
        scheduled = true
        // What is read from many sockets in one turn shares a batch.
        setImmediate(() => {
          scheduled = false
          pump()
        })
      })
    },
  }
}
