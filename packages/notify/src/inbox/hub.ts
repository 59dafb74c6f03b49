import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bus, Db, Logger } from '@mainstay/kernel'
import { createSignal, type Signal } from '../deliver/signal.ts'
import { findChanged } from './change-store.ts'
import { type InboxKey, keyText } from './key.ts'

/** Tells those who watch an inbox that it has changed, in whatever process they are. */
export interface Hub {
  start(): Promise<void>
  stop(): Promise<void>
  /** Cheap enough for every commit: watchers of this process are told at once, those elsewhere at most every 20 ms. */
  changed(inboxes: readonly InboxKey[]): void
  watch(key: InboxKey): Watcher
}

export interface Watcher {
  signal: Signal
  /** The last change that it has seen: the hub looks now and then whether there are later ones. */
  changeSeq: bigint
  close(): void
}

export interface HubDeps {
  db: Db
  bus: Pick<Bus, 'listen' | 'notify' | 'onReconnect'>
  logger: Pick<Logger, 'debug' | 'warn'>
  /** How long a change may go unseen whose word was lost. */
  pollIntervalMs: number
}

const CHANNEL = 'notify_inbox'
/** A NOTIFY takes a lock that all commits with one share: at thousands of commits a second it must not be one each. */
const GAP_MS = 20
/** In one word: more of them, and everybody looks. PostgreSQL takes 7,999 bytes. */
const MAX_NAMES = 400
const EVERYBODY = '*'

/**
 * Word between processes names inboxes by a part of a hash: it says nothing about anybody, and one that two inboxes share costs
 * a look. Word can be lost; so one query for all watchers of a process looks after them now and then.
 */
export function createHub({ db, bus, logger, pollIntervalMs }: HubDeps): Hub {
  const watchers = new Map<string, Set<Watcher & { key: InboxKey }>>()
  const endings: (() => void)[] = []
  const stopping = new AbortController()
  let untold = new Set<string>()
  let telling: Promise<void> | undefined
  let looking: Promise<void> | undefined

  function fire(name: string): void {
    for (const watcher of watchers.get(name) ?? []) watcher.signal.fire()
  }

  function fireAll(): void {
    for (const name of watchers.keys()) fire(name)
  }

  async function tellOthers(): Promise<void> {
    while (untold.size > 0) {
      const names = untold
      untold = new Set()
      const payload = names.size > MAX_NAMES ? EVERYBODY : [...names].join(' ')
      try {
        await bus.notify(db, CHANNEL, payload)
      } catch (err) {
        logger.debug(
          { err },
          'watchers of inboxes elsewhere could not be told: they find changes when they look',
        )
      }
      await delay(GAP_MS)
    }
  }

  /** The safety net: looks for all watchers at once, and never ends but at the stop. */
  async function look(): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(pollIntervalMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      const all = [...watchers.values()].flatMap((set) => [...set])
      if (all.length === 0 || stopping.signal.aborted) continue
      try {
        const places = await findChanged(
          db,
          all.map(({ key, changeSeq }) => ({ ...key, changeSeq })),
        )
        for (const place of places) all[place]?.signal.fire()
      } catch (err) {
        logger.warn({ err }, 'watched inboxes could not be looked at; trying again')
      }
    }
  }

  return {
    async start() {
      endings.push(bus.onReconnect(fireAll))
      endings.push(
        await bus.listen(CHANNEL, (payload) => {
          if (payload === EVERYBODY) fireAll()
          else for (const name of payload.split(' ')) fire(name)
        }),
      )
      looking = look()
    },
    async stop() {
      stopping.abort()
      for (const end of endings.splice(0)) end()
      fireAll()
      await telling
      await looking
    },
    changed(inboxes) {
      if (inboxes.length === 0) return
      for (const key of inboxes) {
        const name = nameOf(key)
        fire(name)
        untold.add(name)
      }
      telling ??= tellOthers().finally(() => {
        telling = undefined
      })
    },
    watch(key) {
      const name = nameOf(key)
      const set = watchers.get(name) ?? new Set()
      const watcher = {
        key,
        signal: createSignal(),
        changeSeq: 0n,
        close() {
          set.delete(watcher)
          if (set.size === 0 && watchers.get(name) === set) watchers.delete(name)
        },
      }
      set.add(watcher)
      watchers.set(name, set)
      return watcher
    },
  }
}

/** 64 bits of a hash, in 11 characters. */
function nameOf(key: InboxKey): string {
  return hash('sha256', keyText(key), 'base64url').slice(0, 11)
}
