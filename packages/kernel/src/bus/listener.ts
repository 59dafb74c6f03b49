import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { wrapDatabaseError } from '../db/index.ts'
import type { Logger } from '../telemetry/index.ts'

export interface ListenerOptions {
  connection: string | pg.ClientConfig
  applicationName: string
  heartbeatMs: number
  logger: Pick<Logger, 'info' | 'warn'> | undefined
  /** What to listen on after each connect. */
  channels(): Iterable<string>
  onMessage(channel: string, payload: string): void
  onReconnect(): void
}

export interface Listener {
  start(): Promise<void>
  /** Runs a LISTEN or UNLISTEN; before the first connect and while disconnected it is left to the next connect. */
  run(statement: string): Promise<void>
  isConnected(): boolean
  stop(): Promise<void>
}

/** The connection behind the bus: connects, listens, notices when it is gone, and comes back. */
export function createListener(options: ListenerOptions): Listener {
  const { logger } = options
  const stopping = new AbortController()
  let client: pg.Client | undefined
  let heartbeat: NodeJS.Timeout | undefined
  let reconnecting: Promise<void> | undefined
  // One statement at a time: `pg` gives up on queueing them by itself.
  let turn: Promise<unknown> = Promise.resolve()

  function inTurn(current: pg.Client, statement: string): Promise<unknown> {
    const done = turn.then(() => current.query(statement))
    turn = done.catch(() => {}) // told to whoever asked for it; the next one has its own chance
    return done
  }

  async function connect(): Promise<void> {
    const next = new pg.Client(clientConfig(options))
    next.on('notification', ({ channel, payload }) => options.onMessage(channel, payload ?? ''))
    next.on('error', (error) => lose(next, error))
    next.on('end', () => lose(next, new Error('The server ended the connection')))
    try {
      await next.connect()
      for (const channel of options.channels()) await next.query(`LISTEN "${channel}"`)
    } catch (error) {
      await close(next)
      throw error
    }
    if (stopping.signal.aborted) return await close(next)
    client = next
    turn = Promise.resolve() // a statement that hangs on a lost connection holds up nobody
    heartbeat = setTimeout(() => beat(next), options.heartbeatMs)
    heartbeat.unref()
  }

  /** A peer that vanished without a word is only noticed by talking to it. */
  function beat(current: pg.Client): void {
    const deadline = setTimeout(() => lose(current, new Error('The server does not answer')), 5_000)
    deadline.unref()
    inTurn(current, 'SELECT 1')
      .then(() => {
        if (client !== current) return
        heartbeat = setTimeout(() => beat(current), options.heartbeatMs)
        heartbeat.unref()
      })
      .catch((error: unknown) => lose(current, error))
      .finally(() => clearTimeout(deadline))
  }

  function lose(lost: pg.Client, error: unknown): void {
    if (client !== lost) return
    client = undefined
    clearTimeout(heartbeat)
    void close(lost)
    if (stopping.signal.aborted) return
    logger?.warn({ err: error }, 'the notification connection was lost: reconnecting')
    reconnecting = reconnect().finally(() => {
      reconnecting = undefined
    })
  }

  async function reconnect(): Promise<void> {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      try {
        await connect()
        if (client === undefined) return
        logger?.info({ attempts: attempt + 1 }, 'the notification connection is back')
        return options.onReconnect()
      } catch (err) {
        if (attempt === 3) logger?.warn({ err }, 'the notification connection cannot be made: still trying')
        // Full jitter below 50 ms … 5 s, so that a fleet does not come back as one.
        const pauseMs = 20 + Math.random() * Math.min(5_000, 50 * 2 ** attempt)
        await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  }

  return {
    async start() {
      if (client !== undefined) return
      await connect().catch((error: unknown) => {
        throw wrapDatabaseError(error)
      })
    },
    async run(statement) {
      const current = client
      if (current === undefined) return
      try {
        await inTurn(current, statement)
      } catch (error) {
        // The next connection starts from the list of channels, so nothing is lost with this one.
        lose(current, error)
      }
    },
    isConnected: () => client !== undefined,
    async stop() {
      stopping.abort()
      clearTimeout(heartbeat)
      const current = client
      client = undefined
      if (current !== undefined) await close(current)
      await reconnecting
    },
  }
}

function clientConfig({ connection, applicationName }: ListenerOptions): pg.ClientConfig {
  return {
    ...(typeof connection === 'string' ? { connectionString: connection } : connection),
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}

/** Says goodbye, but not for longer than a second: the peer may be gone. */
async function close(client: pg.Client): Promise<void> {
  const patience = new AbortController()
  await Promise.race([
    client.end().catch(() => {}), // it is being thrown away
    delay(1_000, undefined, { ref: false, signal: patience.signal }).catch(() => {}),
  ])
  patience.abort()
}
