import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Binaries } from './binaries.ts'
import { type ConfOptions, confHash, DEFAULT_PORT, writeConf } from './conf.ts'
import { StartError } from './errors.ts'
import type { Credentials } from './initialise.ts'
import type { Layout } from './layout.ts'
import type { OsUser } from './os-user.ts'
import {
  explainExit,
  type Postmaster,
  portInUse,
  readClaim,
  removeStaleClaim,
  type Spawned,
  spawnPostmaster,
  stopPostmaster,
} from './postmaster.ts'
import { connectAsOwner, hasSettings, takeOwnership } from './session.ts'

export interface Place {
  home: string
  layout: Layout
  binaries: Binaries
  user: OsUser | undefined
  credentials: Credentials
  conf: ConfOptions
  /** `performance.now()` after which to give up. */
  deadline: number
}

/** A server that answers and that this process now owns. */
export interface Running {
  client: pg.Client
  postmaster: Postmaster
  adopted: boolean
}

/** Finds or starts the server of one data folder. Each turn either ends in one, or learns that things have changed. */
export async function bringUp(place: Place): Promise<Running> {
  for (;;) {
    const running = (await takeOver(place)) ?? (await launch(place))
    if (running !== undefined) return running
    if (performance.now() > place.deadline) {
      throw new StartError('failed', `PostgreSQL did not come up in time (see ${place.layout.log}).`)
    }
    await delay(20)
  }
}

/** How long a server that calls itself ready may be unreachable before it is stopped: its socket has been removed. */
const UNREACHABLE_MS = 500

/**
 * Takes over a server that runs already: after a SIGKILL of our process it is still there, with its caches warm.
 * One that has other settings, or that nobody can reach any more, is stopped; undefined then says: start one.
 */
async function takeOver({ home, layout, credentials, conf, deadline }: Place): Promise<Running | undefined> {
  let unreachableSince: number | undefined
  for (;;) {
    const claim = readClaim(layout)
    if (claim === undefined) return
    const connection = await connectAsOwner(layout, credentials, claim)
    if (connection.state === 'connected') {
      const { client } = connection
      try {
        await takeOwnership(client, home)
        if (await hasSettings(client, confHash(layout, conf)))
          return { client, postmaster: claim, adopted: true }
      } catch (error) {
        await client.end()
        throw error
      }
      await client.end()
      await stopPostmaster(claim, 30_000)
      return
    }
    if (!claim.isAlive()) return
    if (connection.state !== 'absent' || !claim.isReady) unreachableSince = undefined
    else unreachableSince ??= performance.now()
    if (performance.now() > (unreachableSince ?? Infinity) + UNREACHABLE_MS) {
      await stopPostmaster(claim, 30_000)
      return
    }
    if (performance.now() > deadline) return
    await delay(20)
  }
}

/** Starts the server and waits for it. Undefined when another process has been faster: its server is then the one. */
async function launch(place: Place): Promise<Running | undefined> {
  const { layout, binaries, user, conf } = place
  if (conf.port !== undefined) await refusePortInUse(conf.port)
  removeStaleClaim(layout)
  writeConf(layout, conf, user)
  const postmaster = spawnPostmaster(layout, binaries, user)
  try {
    const running = await waitForOwn(place, postmaster)
    if (running === undefined) await stopPostmaster(postmaster, 30_000)
    return running
  } catch (error) {
    // Whoever took it over in this instant keeps it; any other failure must not leave a server behind.
    const isTaken = error instanceof StartError && error.problem === 'already_running'
    if (!isTaken) await stopPostmaster(postmaster, 30_000)
    throw error
  }
}

async function waitForOwn(
  { home, layout, credentials, conf, deadline }: Place,
  postmaster: Spawned,
): Promise<Running | undefined> {
  const address = { socketFolder: layout.socketFolder, port: conf.port ?? DEFAULT_PORT }
  while (performance.now() < deadline) {
    const connection = await connectAsOwner(layout, credentials, address)
    if (connection.state === 'connected') {
      const { client } = connection
      try {
        await takeOwnership(client, home)
        if (readClaim(layout)?.pid === postmaster.pid) return { client, postmaster, adopted: false }
      } catch (error) {
        await client.end()
        throw error
      }
      await client.end()
      return
    }
    if (!postmaster.isAlive()) {
      if (readClaim(layout)?.isAlive()) return
      throw explainExit(layout, postmaster.logOffset, conf.port)
    }
    await delay(5)
  }
  return
}

/** Asked before PostgreSQL is, since it would go on without TCP when only one of its addresses is taken. */
async function refusePortInUse(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? portInUse(port) : error)
    })
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()))
  })
}
