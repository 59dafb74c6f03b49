import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { DbLog } from '../db/index.ts'
import type { Place } from './bring-up.ts'
import type { Postmaster } from './postmaster.ts'
import { connectAsOwner, takeOwnership } from './session.ts'

export interface Watch {
  /** Settles once the server has ended without having been told to. */
  ended: Promise<void>
  /** The server is about to be stopped: the end of the session is no accident. */
  expectEnd(): void
}

/**
 * Keeps the session that makes this process the owner. When a session of the server crashes, PostgreSQL ends all the
 * others, this one included, recovers within a second or so, and ownership is taken again. When the server itself is
 * gone, `ended` settles: what to do then is the program's decision.
 */
export function watchServer(
  { home, layout, credentials }: Place,
  first: pg.Client,
  postmaster: Postmaster,
  address: { socketFolder: string; port: number },
  logger: DbLog | undefined,
): Watch {
  let expected = false
  let client = first
  const lost = (session: pg.Client): Promise<void> =>
    new Promise((resolve) => session.once('end', () => resolve()))

  async function follow(): Promise<void> {
    for (;;) {
      letProcessEnd(client)
      await lost(client)
      if (expected) return await new Promise(() => {})
      logger?.warn({ pid: postmaster.pid }, 'the session that owns PostgreSQL was lost')
      const next = await reconnect()
      if (next === undefined) return
      client = next
    }
  }

  async function reconnect(): Promise<pg.Client | undefined> {
    while (postmaster.isAlive() && !expected) {
      const connection = await connectAsOwner(layout, credentials, address)
      if (connection.state === 'connected') {
        await takeOwnership(connection.client, home)
        return connection.client
      }
      await delay(50, undefined, { ref: false })
    }
    return
  }

  const ended = follow().catch((error: unknown) => {
    logger?.error({ err: error }, 'PostgreSQL is no longer owned by this process')
  })
  return {
    ended,
    expectEnd() {
      expected = true
    },
  }
}

/** Ownership alone keeps no process running. The driver has this method; its type declarations do not. */
function letProcessEnd(client: pg.Client): void {
  const { unref } = client as unknown as { unref(): void }
  unref.call(client)
}
