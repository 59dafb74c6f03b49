import type pg from 'pg'
import type { Executor } from '../db/index.ts'
import { appError, reasons } from '../errors.ts'
import type { Logger } from '../telemetry/index.ts'
import { createListener, type ListenerOptions } from './listener.ts'

/**
 * Short messages between the processes of one installation, over PostgreSQL's LISTEN/NOTIFY.
 *
 * A message is a hint, never a fact: while the connection is down messages are missed. Whoever listens also looks for
 * itself now and then, and at once when `onReconnect` says that something may have been missed.
 */
export interface Bus {
  /** Opens the connection. Rejects when the database cannot be reached; after that it reconnects by itself. */
  start(): Promise<void>
  /**
   * Calls `fn` with each payload of the channel, those of this process included. Settles once the server listens,
   * so that nothing sent from then on is missed.
   *
   * @returns a function that stops it.
   */
  listen(channel: string, fn: (payload: string) => void): Promise<() => void>
  /**
   * Sends a message. Inside a transaction it leaves at the commit, and equal messages leave once. At most
   * `MAX_PAYLOAD_BYTES`; send an id and let the listener read the rest.
   */
  notify(executor: Executor, channel: string, payload?: string): Promise<void>
  /** Calls `fn` whenever a lost connection is back and listening. Returns a function that stops it. */
  onReconnect(fn: () => void): () => void
  /** False while messages may be missed. */
  isConnected(): boolean
  stop(): Promise<void>
}

export interface BusOptions {
  /** Where to listen: a direct connection, since a pooler in transaction mode would lose the LISTEN. */
  connection: string | pg.ClientConfig
  logger?: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Shown in pg_stat_activity. Default `mainstay-bus`. */
  applicationName?: string
  /** How often a silent connection is asked whether it is still there. Default 15,000. */
  heartbeatMs?: number
}

/** PostgreSQL's limit is 8,000 bytes with the final zero (async.c, NOTIFY_PAYLOAD_MAX_LENGTH). */
export const MAX_PAYLOAD_BYTES = 7_999

/** One connection per process, whatever the number of channels. */
export function createBus(options: BusOptions): Bus {
  const { logger } = options
  const listeners = new Map<string, Set<(payload: string) => void>>()
  const reconnectListeners = new Set<() => void>()

  const settings: ListenerOptions = {
    connection: options.connection,
    applicationName: options.applicationName ?? 'mainstay-bus',
    heartbeatMs: options.heartbeatMs ?? 15_000,
    logger,
    channels: () => listeners.keys(),
    onMessage(channel, payload) {
      for (const fn of listeners.get(channel) ?? []) call(() => fn(payload))
    },
    onReconnect() {
      for (const fn of reconnectListeners) call(fn)
    },
  }
  const listener = createListener(settings)

  /** One listener's mistake must not keep a message from the others. */
  function call(fn: () => void): void {
    try {
      fn()
    } catch (err) {
      logger?.error({ err }, 'a bus listener failed')
    }
  }

  return {
    start: () => listener.start(),
    async listen(channel, fn) {
      assertChannel(channel)
      const functions = listeners.get(channel) ?? new Set()
      functions.add(fn)
      listeners.set(channel, functions)
      // Again for a channel that is listened on already: the server ignores it, and the answer means that it listens.
      await listener.run(`LISTEN ${quote(channel)}`)
      return () => {
        functions.delete(fn)
        if (functions.size > 0 || listeners.get(channel) !== functions) return
        listeners.delete(channel)
        listener.run(`UNLISTEN ${quote(channel)}`).catch((err: unknown) => {
          logger?.warn({ err, channel }, 'a channel could not be left')
        })
      }
    },
    async notify(executor, channel, payload = '') {
      assertChannel(channel)
      const bytes = Buffer.byteLength(payload)
      if (bytes > MAX_PAYLOAD_BYTES) {
        throw appError(
          reasons,
          'kernel.notification_too_large',
          `A notification on ${channel} has ${bytes} bytes; at most ${MAX_PAYLOAD_BYTES} can be sent.`,
        )
      }
      await executor.query({
        name: 'bus.notify',
        text: 'SELECT pg_notify($1, $2)',
        values: [channel, payload],
      })
    },
    onReconnect(fn) {
      reconnectListeners.add(fn)
      return () => void reconnectListeners.delete(fn)
    },
    isConnected: () => listener.isConnected(),
    stop: () => listener.stop(),
  }
}

function assertChannel(channel: string): void {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(channel)) throw new TypeError(`"${channel}" is no name for a channel`)
}

function quote(channel: string): string {
  return `"${channel}"`
}
