import type { Caller } from '@mainstay/rpc'

/** A key that was checked, and what must be looked at again at every use. */
export interface CachedKey {
  caller: Caller
  projectId: string
  apiKeyId: string
  projectSlug: string
  /** `Infinity` when it does not expire. */
  expireTimeMs: number
  /** When its use was last noted, for last-use.ts. */
  notedUseMs: number
}

/** What the database said about one key text. */
export type KeyVerdict = { ok: true; key: CachedKey } | { ok: false; refusal: KeyRefusal }
export type KeyRefusal = 'access.api_key_invalid' | 'access.api_key_expired' | 'access.api_key_revoked'

export interface KeyQuestion {
  publicId: string
  /** SHA-256 of the whole key text. */
  secretHash: Buffer
}

export interface KeyCacheOptions {
  /**
   * Answers the questions and reads the key revision, in one statement and so in one snapshot. An empty list only
   * reads the revision.
   */
  ask(questions: readonly KeyQuestion[]): Promise<{ revision: bigint; verdicts: KeyVerdict[] }>
  /** Milliseconds that never step back. Default `performance.now`; tests hand in their own. */
  monotonicMs?: () => number
  /** Default 100,000. */
  maxKeys?: number
  /** Default 10,000. */
  maxRefusals?: number
}

export interface KeyCache {
  /** The verdict when it may be used this moment, else undefined: then `ask`. */
  peek(hashText: string): KeyVerdict | undefined
  /** Asks the database. Questions that arrive while it is busy share the next statement. */
  ask(hashText: string, question: KeyQuestion): Promise<KeyVerdict>
  /** Forgets everything: some key changed. */
  flush(): void
}

/**
 * Remembers checked keys by the SHA-256 of their text, under a lease.
 *
 * A notification makes a revocation known in milliseconds, but a notification can be lost: the listening connection
 * may be down, or dead without anybody having noticed. So the whole cache holds only while the key revision has been
 * confirmed within `LEASE_MS`. Past `RENEW_MS` a hit renews it in the background with one read of one row; past the
 * lease it waits for that read. At most three such reads a second in a busy process, none in an idle one, however
 * many keys there are, and a revoked key is refused within a second in every process that can reach the database.
 * One that cannot refuses everybody.
 */
export function createKeyCache(options: KeyCacheOptions): KeyCache {
  const { monotonicMs = () => performance.now(), maxKeys = 100_000, maxRefusals = 10_000 } = options
  const keys = new Map<string, KeyVerdict>()
  // Keeps a client that goes on with a wrong key away from the database. Bounded, since wrong keys are endless.
  const refusals = new Map<string, KeyVerdict>()
  let revision: bigint | undefined
  let confirmedMs = Number.NEGATIVE_INFINITY
  let generation = 0
  let waiting: Batch | undefined
  let running: Promise<void> | undefined

  const flush = (): void => {
    generation++
    confirmedMs = Number.NEGATIVE_INFINITY
    keys.clear()
    refusals.clear()
  }

  const runBatch = async (batch: Batch): Promise<void> => {
    waiting = undefined
    const sentMs = monotonicMs()
    const sentGeneration = generation
    const entries = [...batch.questions]
    try {
      const answer = await options.ask(entries.map(([, question]) => question))
      // Something changed while we asked: the answer holds for those who asked, but it must not be remembered.
      if (generation === sentGeneration) {
        if (answer.revision !== revision) flush()
        revision = answer.revision
        confirmedMs = sentMs
        for (const [index, [hashText]] of entries.entries()) {
          const verdict = answer.verdicts[index]
          if (verdict?.ok) remember(keys, hashText, verdict, maxKeys)
          else if (verdict) remember(refusals, hashText, verdict, maxRefusals)
        }
      }
      batch.resolve(new Map(entries.map(([hashText], index) => [hashText, answer.verdicts[index]])))
    } catch (error) {
      batch.reject(error)
    }
  }

  /** One statement at a time; a question never joins the one in flight, whose snapshot may be older than it. */
  const join = (): Batch => {
    if (waiting !== undefined) return waiting
    const batch = createBatch()
    waiting = batch
    const previous = running ?? Promise.resolve()
    const current = previous.then(() => runBatch(batch))
    running = current
    current.then(() => {
      if (running === current) running = undefined
    })
    return batch
  }

  return {
    peek(hashText) {
      const verdict = keys.get(hashText) ?? refusals.get(hashText)
      if (verdict === undefined) return
      const ageMs = monotonicMs() - confirmedMs
      if (ageMs > LEASE_MS) return
      if (ageMs > RENEW_MS && running === undefined) join()
      return verdict
    },
    async ask(hashText, question) {
      const batch = join()
      batch.questions.set(hashText, question)
      const verdict = (await batch.answered).get(hashText)
      if (verdict === undefined) throw new TypeError('The database was asked about a key and gave no verdict')
      return verdict
    },
    flush,
  }
}

/** Well under the second that is promised, so that the statement's own time fits in. */
const LEASE_MS = 800
const RENEW_MS = 350

interface Batch {
  questions: Map<string, KeyQuestion>
  answered: Promise<Map<string, KeyVerdict | undefined>>
  resolve(verdicts: Map<string, KeyVerdict | undefined>): void
  reject(error: unknown): void
}

function createBatch(): Batch {
  const { promise, resolve, reject } = Promise.withResolvers<Map<string, KeyVerdict | undefined>>()
  // A renewal in the background has nobody waiting for it; when it fails, the lease runs out and the next one waits.
  promise.catch(() => {})
  return { questions: new Map(), answered: promise, resolve, reject }
}

/** The oldest makes room. Not the least used: this is a bound, and a hit must cost nothing. */
function remember<V>(map: Map<string, V>, key: string, value: V, max: number): void {
  if (map.size >= max && !map.has(key)) {
    const oldest = map.keys().next()
    if (!oldest.done) map.delete(oldest.value)
  }
  map.set(key, value)
}
