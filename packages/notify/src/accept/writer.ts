import {
  appError,
  type Clock,
  type Db,
  reasons as kernelReasons,
  type Metrics,
  sqlState,
  toAppError,
} from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import { isFaultOfData } from '../write-apart.ts'
import { type Accepted, answerFromEarlier } from './earlier.ts'
import { createAcceptMetrics } from './metrics.ts'
import { type Draft, insertBatch } from './store.ts'

export interface WriterOptions {
  db: Pick<Db, 'query'>
  clock: Clock
  /** Most messages in one commit; a notification that has more by itself is one of its own. */
  batchSize: number
  /** Drafts that may wait; beyond it `submit` throws `notify.overloaded`. */
  queueSize: number
  /** How long an idempotency key is kept. */
  idempotencyTtlMs: number
  metrics?: Metrics
  /** Called after each commit with what it stored. */
  onCommit?: (stored: readonly Draft[]) => void
}

/** Stores notifications; concurrent ones share commits. */
export interface Writer {
  /** Resolves when the draft, or what its keys stand for, is durable. */
  submit(draft: Draft): Promise<Accepted>
  /** Drafts that wait or are being stored. */
  depth(): number
  /** Resolves when nothing waits any more. */
  drain(): Promise<void>
}

/**
 * A commit takes at least this many drafts, when there are so many, before a second one shares the work: a second of
 * five drafts costs a commit that waiting two milliseconds would have saved.
 */
const WORTH_A_COMMIT = 64

/** While the database works on one, we encode the other; of three, each would be too small for what a commit costs. */
const MOST_COMMITS = 2

/** Text of one batch: bounds the memory that a flood of long emails takes, here and in the database. */
const BATCH_MAX_CHARACTERS = 4 * 1024 * 1024

interface Waiting {
  draft: Draft
  resolve: (accepted: Accepted) => void
  reject: (error: unknown) => void
  /** How often its keys were taken by something that was gone when we looked. */
  misses: number
  /** Answered already: a batch that fails in its second half has answered its first. */
  done: boolean
}

/**
 * Group commit: what arrives while a commit is under way goes into the next one. A commit, not a row, is what
 * durability costs: a lone caller pays one, five hundred at once share one.
 */
export function createWriter(options: WriterOptions): Writer {
  const { db, clock, batchSize, queueSize, idempotencyTtlMs, onCommit } = options
  let waiting: Waiting[] = []
  let inFlight = 0
  let unsettled = 0
  let scheduled = false
  let idle: (() => void)[] = []
  const metrics = options.metrics && createAcceptMetrics(options.metrics, () => unsettled)

  function submit(draft: Draft): Promise<Accepted> {
    if (unsettled >= queueSize) {
      metrics?.refused()
      throw appError(
        reasons,
        'notify.overloaded',
        'Too many notifications wait to be stored. Try again shortly.',
        {
          retryAfterMs: 1000,
        },
      )
    }
    unsettled++
    return new Promise<Accepted>((resolve, reject) => {
      waiting.push({ draft, resolve, reject, misses: 0, done: false })
      // A full turn of the event loop reads more requests than a commit needs: the database is not kept waiting for all of them.
      if (waiting.length >= WORTH_A_COMMIT && inFlight < MOST_COMMITS) pump()
      else schedule()
    })
  }

  function resolve(item: Waiting, accepted: Accepted): void {
    item.resolve(accepted)
    settled(item)
  }

  function reject(item: Waiting, error: unknown): void {
    item.reject(error)
    settled(item)
  }

  function settled(item: Waiting): void {
    if (item.done) return
    item.done = true
    if (--unsettled > 0) return
    for (const resolve of idle) resolve()
    idle = []
  }

  /** Once a turn of the event loop, so that requests read from many sockets in one turn share a commit. */
  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      pump()
    })
  }

  /**
   * What waits is shared between the commits, so that callers who all wait for an answer before they call again keep
   * both busy (256 callers: 17,300 a second with one batch of 256 under way at a time, 23,700 with two of 128).
   */
  function pump(): void {
    while (inFlight < MOST_COMMITS && waiting.length >= (inFlight === 0 ? 1 : WORTH_A_COMMIT)) {
      const share = inFlight === 0 ? Math.max(WORTH_A_COMMIT, Math.ceil(waiting.length / 2)) : waiting.length
      const { batch, followers } = takeBatch(Math.min(batchSize, share))
      inFlight++
      let landed = false
      const land = (): void => {
        if (landed) return
        landed = true
        inFlight--
        pump()
      }
      void store(batch, followers, land).finally(land)
    }
  }

  /**
   * The next batch, in order of arrival. A draft whose idempotency key is in the batch already follows it: it is
   * answered from what the first one stored.
   */
  function takeBatch(limit: number): { batch: Waiting[]; followers: Waiting[] } {
    const batch: Waiting[] = []
    const followers: Waiting[] = []
    const keys = new Set<string>()
    let characters = 0
    let messages = 0
    let taken = 0
    for (const item of waiting) {
      if (messages >= limit || characters > BATCH_MAX_CHARACTERS) break
      taken++
      const { idempotency, projectId, live, content } = item.draft
      const key = idempotency === null ? undefined : `${projectId} ${live} ${idempotency.key}`
      if (key !== undefined && keys.has(key)) {
        followers.push(item)
        continue
      }
      if (key !== undefined) keys.add(key)
      characters += content.length
      messages += 1 + (item.draft.others?.length ?? 0)
      batch.push(item)
    }
    waiting = waiting.slice(taken)
    return { batch, followers }
  }

  /** @param land called when the batch is stored: the next one leaves before its callers are answered, which takes a while. */
  async function store(
    batch: readonly Waiting[],
    followers: readonly Waiting[],
    land: () => void,
  ): Promise<void> {
    try {
      const lost = await insert(batch, land)
      requeue(await answer([...lost, ...followers]))
    } catch (error) {
      for (const item of [...batch, ...followers]) reject(item, toAppError(error))
    }
  }

  /**
   * Stores a batch and answers what it stored. A batch that the database refuses for what is in it is halved until the
   * one draft at fault stands alone: validation should have refused it, and its neighbours must not pay.
   *
   * @returns those that stored nothing because a key of theirs was taken.
   */
  async function insert(batch: readonly Waiting[], land = () => {}, tries = 1): Promise<Waiting[]> {
    let lostIds: string[]
    const startedAt = performance.now()
    try {
      const drafts = batch.map((item) => item.draft)
      lostIds = await insertBatch(db, drafts, clock.nowMs() + idempotencyTtlMs)
    } catch (error) {
      // A deadlock with a batch of another process: nothing was stored, and the other one is through by now.
      if (isDeadlock(error) && tries < 5) return await insert(batch, land, tries + 1)
      if (!isFaultOfData(error)) throw explain(error)
      if (batch.length === 1) {
        for (const item of batch) reject(item, toAppError(error))
        return []
      }
      const half = batch.length >> 1
      return [...(await insert(batch.slice(0, half))), ...(await insert(batch.slice(half)))]
    }
    land()
    const lost = new Set(lostIds)
    const stored = lost.size === 0 ? batch : batch.filter((item) => !lost.has(item.draft.notificationId))
    metrics?.committed(stored.length, (performance.now() - startedAt) / 1000)
    for (const item of stored) {
      const { notificationId, messageId, others } = item.draft
      const more = others && { otherMessageIds: others.map((other) => other.messageId) }
      resolve(item, { notificationId, messageId, ...more, deduplicated: false, replayed: false })
    }
    if (stored.length > 0) onCommit?.(stored.map((item) => item.draft))
    return lost.size === 0 ? [] : batch.filter((item) => lost.has(item.draft.notificationId))
  }

  /** Answers drafts with what came before them. Returns those for which nothing is there (any more). */
  async function answer(items: readonly Waiting[]): Promise<Waiting[]> {
    if (items.length === 0) return []
    const answers = await answerFromEarlier(
      db,
      items.map((item) => item.draft),
    )
    return items.filter((item, index) => {
      const answer = answers[index]
      if (answer === undefined) return true
      if (answer instanceof Error) reject(item, answer)
      else resolve(item, answer)
      return false
    })
  }

  function requeue(items: readonly Waiting[]): void {
    for (const item of items) {
      if (++item.misses < 3) {
        waiting.push(item)
        schedule()
      } else reject(item, new Error('A key is taken by something that cannot be found'))
    }
  }

  return {
    submit,
    depth: () => unsettled,
    drain: () => (unsettled === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  }
}

function isDeadlock(error: unknown): boolean {
  return sqlState(error) === '40P01'
}

/** A batch is one statement and its own commit: when its answer is lost, so is the knowledge whether it was stored. */
function explain(error: unknown): unknown {
  const { reason } = toAppError(error)
  if (reason !== 'kernel.database_unavailable') return error
  return appError(
    kernelReasons,
    'kernel.commit_unknown',
    'The connection to the database was lost while saving: the notification may or may not have been stored. ' +
      'Repeat the request with the same idempotency key.',
    { cause: error, retryAfterMs: 1000 },
  )
}
