import { LRUCache } from 'lru-cache'
import type { Bus } from '../bus/index.ts'
import type { Executor, Tx } from '../db/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { announceInvalidation, listenForInvalidations } from './invalidation.ts'

export interface CacheOptions<V> {
  /** Names the cache among all processes and in metrics: `notify.templates`. */
  name: string
  /** Most entries kept; the least recently used leaves first. */
  maxEntries: number
  /** How long an entry is good for, counted from the start of its load. A hit never makes it live longer. */
  ttlMs: number
  /** How long "there is none" is remembered. Default: not at all. */
  negativeTtlMs?: number
  /** Finds the value; undefined means that there is none. Calls for one key that come together share one load. */
  load(key: string): Promise<V | undefined>
  bus?: Pick<Bus, 'listen' | 'notify' | 'onReconnect'> & Partial<Pick<Bus, 'isConnected'>>
  metrics?: Metrics
  /** Milliseconds that only go forward. For tests. */
  now?: () => number
}

/** Values that are read often and change seldom, kept in this process and forgotten in all when they change. */
export interface Cache<V> {
  /** The value, from memory or loaded. What `load` throws is thrown to all who wait for it, and not remembered. */
  get(key: string): Promise<V | undefined>
  /** The value if it is in memory, without waiting. Undefined also stands for "there is none". */
  peek(key: string): V | undefined
  /**
   * Forgets a key in every process: with a transaction when, and only if, it commits, so that nobody loads the old
   * value again between the two; without one at once. After it, no `get` of this process answers with what was loaded
   * before.
   */
  invalidate(executor: Executor | Tx, key: string): Promise<void>
  /** Forgets everything, in this process. */
  clear(): void
  /** Listens to the other processes. Until then staleness is bounded by `ttlMs` alone. */
  start(): Promise<void>
  stop(): void
}

/**
 * A cache of what the database holds.
 *
 * A change elsewhere reaches it as a notification, within milliseconds. While the connection for those is down it trusts
 * an entry for a second at most, and when it is back it forgets everything, since it cannot know what it missed.
 *
 * The race it must win: a load reads the old value, the change commits and is announced, and only then does the load
 * arrive. So an invalidation also marks the load under way: its callers, who asked before the change, get what was read,
 * but it is not kept, and whoever asks later starts a load of their own.
 */
export function createCache<V>(options: CacheOptions<V>): Cache<V> {
  const { name, ttlMs, negativeTtlMs = 0, load, bus, now = () => performance.now() } = options
  const entries = new LRUCache<string, Entry<V>>({ max: options.maxEntries })
  const loads = new Map<string, Load<V>>()
  const lookups = options.metrics?.counter({
    name: 'mainstay_cache_lookups_total',
    help: 'Lookups by cache and result: hit, miss, or shared with a load under way.',
    labels: ['cache', 'result'],
  })
  const counters = {
    hit: lookups?.with({ cache: name, result: 'hit' }),
    miss: lookups?.with({ cache: name, result: 'miss' }),
    shared: lookups?.with({ cache: name, result: 'shared' }),
  }
  let stopListening: (() => void) | undefined

  function findFresh(key: string): Entry<V> | undefined {
    const entry = entries.get(key)
    if (entry === undefined) return
    const wanted = entry.value === undefined ? negativeTtlMs : ttlMs
    const lifetime = bus?.isConnected?.() === false ? Math.min(wanted, DEAF_TTL_MS) : wanted
    if (now() - entry.loadedAt < lifetime) return entry
    entries.delete(key)
    return
  }

  async function run(key: string, own: Load<V>): Promise<V | undefined> {
    try {
      // The clock is read before the load: an entry is as old as what it read.
      const loadedAt = now()
      const value = await load(key)
      if (!own.outdated && (value !== undefined || negativeTtlMs > 0)) entries.set(key, { value, loadedAt })
      return value
    } finally {
      if (loads.get(key) === own) loads.delete(key)
    }
  }

  function forget(key: string): void {
    entries.delete(key)
    const loading = loads.get(key)
    if (loading === undefined) return
    loading.outdated = true
    // Later callers must not join it: they ask after the change and want what it made.
    loads.delete(key)
  }

  function clear(): void {
    entries.clear()
    for (const key of [...loads.keys()]) forget(key)
  }

  return {
    async get(key) {
      const entry = findFresh(key)
      if (entry !== undefined) {
        counters.hit?.inc()
        return entry.value
      }
      const underWay = loads.get(key)
      if (underWay !== undefined) {
        counters.shared?.inc()
        return await underWay.promise
      }
      counters.miss?.inc()
      const own: Load<V> = { promise: Promise.resolve(undefined), outdated: false }
      loads.set(key, own)
      own.promise = run(key, own)
      return await own.promise
    },
    peek: (key) => findFresh(key)?.value,
    async invalidate(executor, key) {
      if ('afterCommit' in executor) executor.afterCommit(() => forget(key))
      else forget(key)
      if (bus !== undefined) await announceInvalidation(bus, executor, name, key)
    },
    clear,
    async start() {
      if (bus !== undefined) stopListening ??= await listenForInvalidations(bus, name, { forget, clear })
    },
    stop() {
      stopListening?.()
      stopListening = undefined
    },
  }
}

const DEAF_TTL_MS = 1_000

/** Wrapped, so that "there is none" can be kept too. */
interface Entry<V> {
  value: V | undefined
  loadedAt: number
}

interface Load<V> {
  promise: Promise<V | undefined>
  /** Set when its key was invalidated meanwhile: what it read may be old, so it is handed out and not kept. */
  outdated: boolean
}
