import { LRUCache } from 'lru-cache'
import type { Bus } from '../bus/index.ts'
import type { Executor, Tx } from '../db/index.ts'
import type { Metrics } from '../telemetry/index.ts'

export interface CacheOptions<V> {
  /** Names the cache among all processes and in metrics: `notify.templates`. */
  name: string
  /** Most entries kept; the least recently used leaves first. */
  maxEntries: number
  /** How long an entry is good for, counted from its load. A hit never makes it live longer. */
  ttlMs: number
  /** How long "there is none" is remembered. Default: not at all. */
  negativeTtlMs?: number
  /** Finds the value; undefined means that there is none. Calls for one key that come together share one load. */
  load(key: string): Promise<V | undefined>
  bus?: Pick<Bus, 'listen' | 'notify' | 'onReconnect'>
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
   * Forgets a key in every process when the transaction commits; without a transaction, at once. After it, no `get`
   * of this process answers with what was loaded before.
   */
  invalidate(executor: Executor | Tx, key: string): Promise<void>
  /** Forgets everything, in this process. */
  clear(): void
  /** Listens to the other processes. Before it, and while the bus is down, staleness is bounded by `ttlMs` alone. */
  start(): Promise<void>
  stop(): void
}

interface Entry<V> {
  value: V | undefined
  loadedAt: number
}

interface Load<V> {
  promise: Promise<V | undefined>
  /** Set when its key was invalidated meanwhile: what it read may be old, so it is handed out and not kept. */
  outdated: boolean
}

export function createCache<V>(options: CacheOptions<V>): Cache<V> {
  const { name, ttlMs, negativeTtlMs = 0, load, bus, now = () => performance.now() } = options
  const entries = new LRUCache<string, Entry<V>>({ max: options.maxEntries })
  const loads = new Map<string, Load<V>>()
  const listening: (() => void)[] = []
  const channel = `cache_${name.replaceAll('.', '_')}`
  const lookups = options.metrics?.counter({
    name: 'mainstay_cache_lookups_total',
    help: 'Lookups by cache and result.',
    labels: ['cache', 'result'],
  })

  function fresh(key: string): Entry<V> | undefined {
    const entry = entries.get(key)
    if (entry === undefined) return undefined
    const age = now() - entry.loadedAt
    if (age < (entry.value === undefined ? negativeTtlMs : ttlMs)) return entry
    entries.delete(key)
    return undefined
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
      const entry = fresh(key)
      if (entry !== undefined) {
        lookups?.inc({ cache: name, result: 'hit' })
        return entry.value
      }
      const under = loads.get(key)
      lookups?.inc({ cache: name, result: under ? 'shared' : 'miss' })
      if (under !== undefined) return under.promise
      const own: Load<V> = { promise: Promise.resolve(undefined), outdated: false }
      loads.set(key, own)
      own.promise = run(key, own)
      return own.promise
    },
    peek: (key) => fresh(key)?.value,
    async invalidate(executor, key) {
      if ('afterCommit' in executor) executor.afterCommit(() => forget(key))
      else forget(key)
      await bus?.notify(executor, channel, key)
    },
    clear,
    async start() {
      if (bus === undefined) return
      // Words may have been missed while the connection was down: everything is doubtful then.
      listening.push(bus.onReconnect(clear))
      listening.push(await bus.listen(channel, forget))
    },
    stop() {
      for (const end of listening.splice(0)) end()
    },
  }
}
