import { LRUCache } from 'lru-cache'
import type { Bus } from '../bus/index.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { Db, Tx } from '../db/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { listenForInvalidations, sendInvalidation } from './invalidation.ts'

export interface CacheOptions<V> {
  /** The same in every process, different for every cache: `access.api_keys`. */
  name: string
  /** Most entries kept; the one unused for longest goes first. */
  maxEntries: number
  /** How old an entry may get. Absolute: being used does not make it younger. */
  ttlMs: number
  /** How long "there is none" is remembered. Default: not at all. */
  negativeTtlMs?: number
  /** Reads the truth. Undefined means that there is none. What it throws goes to the callers and is not remembered. */
  load(key: string): Promise<V | undefined>
  db: Db
  bus: Bus
  metrics?: Metrics
  clock?: Clock
}

export interface Cache<V> {
  /** From memory, or loaded; callers that ask for one key at the same time share one load. */
  get(key: string): Promise<V | undefined>
  /**
   * Forgets a key in every process. With a transaction: when and if it commits, so that nobody can load the old value
   * again between the two.
   */
  invalidate(key: string, tx?: Tx): Promise<void>
  /** Forgets everything, in this process. */
  clear(): void
  readonly size: number
  /** Stops listening. */
  close(): void
}

/**
 * A cache of what the database holds.
 *
 * A change elsewhere reaches it as a notification, within milliseconds. While the connection for those is down it keeps
 * entries for a second at most, and when it is back it forgets everything, since it cannot know what it missed.
 *
 * The race it must win: a load reads the old value, the change commits and is announced, and only then does the load
 * arrive. Every load therefore belongs to a ticket that an invalidation tears up: its callers, who asked before the
 * change, get what was read, but it is not kept, and whoever asks later starts a load of their own.
 */
export async function createCache<V>(options: CacheOptions<V>): Promise<Cache<V>> {
  const { name, maxEntries, ttlMs, negativeTtlMs = 0, bus, db, clock = systemClock } = options
  const entries = new LRUCache<string, Entry<V>>({
    max: maxEntries,
    ttl: ttlMs,
    updateAgeOnGet: false,
    ttlResolution: 0,
    perf: { now: () => clock.nowMs() },
  })
  const loads = new Map<string, Load<V>>()
  const lookups = options.metrics?.counter({
    name: 'mainstay_cache_lookups_total',
    help: 'Lookups by how they were answered: hit, load, or joined to a load under way.',
    labels: ['cache', 'outcome'],
  })
  const counted = {
    hit: lookups?.with({ cache: name, outcome: 'hit' }),
    load: lookups?.with({ cache: name, outcome: 'load' }),
    joined: lookups?.with({ cache: name, outcome: 'joined' }),
  }

  async function load(key: string): Promise<V | undefined> {
    const ticket: Load<V> = { valid: true, result: options.load(key) }
    loads.set(key, ticket)
    try {
      const value = await ticket.result
      if (ticket.valid) keep(key, value)
      return value
    } finally {
      if (loads.get(key) === ticket) loads.delete(key)
    }
  }

  function keep(key: string, value: V | undefined): void {
    const wanted = value === undefined ? negativeTtlMs : ttlMs
    const ttl = bus.isConnected() ? wanted : Math.min(wanted, DISCONNECTED_TTL_MS)
    // For lru-cache a ttl of 0 means for ever.
    if (ttl > 0) entries.set(key, { value }, { ttl })
  }

  function forget(key: string): void {
    entries.delete(key)
    const ticket = loads.get(key)
    if (ticket === undefined) return
    ticket.valid = false
    loads.delete(key)
  }

  function clear(): void {
    entries.clear()
    for (const ticket of loads.values()) ticket.valid = false
    loads.clear()
  }

  const stopListening = await listenForInvalidations(bus, name, { forget, clear })
  return {
    async get(key) {
      const entry = entries.get(key)
      if (entry !== undefined) {
        counted.hit?.inc()
        return entry.value
      }
      const underWay = loads.get(key)
      if (underWay !== undefined) {
        counted.joined?.inc()
        return await underWay.result
      }
      counted.load?.inc()
      return await load(key)
    },
    async invalidate(key, tx) {
      await sendInvalidation(bus, tx ?? db, name, key)
      // Here at once, so that whoever changed it and reads it next sees the change.
      if (tx === undefined) forget(key)
      else tx.afterCommit(() => forget(key))
    },
    clear,
    get size() {
      return entries.size
    },
    close() {
      stopListening()
      clear()
    },
  }
}

const DISCONNECTED_TTL_MS = 1_000

/** Wrapped, so that "there is none" can be kept too. */
interface Entry<V> {
  value: V | undefined
}

interface Load<V> {
  valid: boolean
  readonly result: Promise<V | undefined>
}
