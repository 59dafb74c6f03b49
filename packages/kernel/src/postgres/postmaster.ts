import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Binaries } from './binaries.ts'
import { DEFAULT_PORT } from './conf.ts'
import { StartError } from './errors.ts'
import { diskFull } from './initialise.ts'
import type { Layout } from './layout.ts'
import type { OsUser } from './os-user.ts'

/** PostgreSQL's main process: started by us, or by an earlier process of ours that was killed. */
export interface Postmaster {
  pid: number
  isAlive(): boolean
}

/** What a data folder's postmaster.pid says: who claims it, and where that server listens. */
export interface Claim extends Postmaster {
  port: number
  socketFolder: string
  /** It accepts connections, as far as it knows: neither starting nor stopping. */
  isReady: boolean
}

export interface Spawned extends Postmaster {
  /** Where its messages begin in the log. */
  logOffset: number
}

/**
 * Starts PostgreSQL in a session of its own: a Ctrl-C in the terminal reaches only us, so that we can drain before
 * we stop it, and a SIGKILL of ours leaves it running for the next start to find. It writes to a file because a pipe
 * would break with us.
 */
export function spawnPostmaster(layout: Layout, binaries: Binaries, user: OsUser | undefined): Spawned {
  const log = openLog(layout.log)
  const logOffset = statSync(layout.log).size
  let child: ChildProcess
  try {
    child = spawn(binaries.postgres, ['-D', layout.data], {
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      detached: true,
      stdio: ['ignore', log, log],
    })
  } finally {
    closeSync(log)
  }
  const { pid } = child
  if (pid === undefined) throw new StartError('failed', `${binaries.postgres} could not be executed`)
  child.on('error', () => {}) // it shows as an exit; without a listener it would end us
  child.unref()
  return { pid, logOffset, isAlive: () => child.exitCode === null && child.signalCode === null }
}

/** Who claims this data folder, whether alive or not; nobody when it was stopped properly. */
export function readClaim({ data, socketFolder }: Layout): Claim | undefined {
  let lines: string[]
  try {
    lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return
  }
  const pid = Number.parseInt(lines[0] ?? '', 10)
  if (!(pid > 0)) return
  return {
    pid,
    port: Number.parseInt(lines[3] ?? '', 10) || DEFAULT_PORT,
    socketFolder: lines[4]?.trim() || socketFolder,
    isReady: lines[7]?.trim() === 'ready',
    isAlive: () => isPostmasterOf(pid, data),
  }
}

/**
 * Removes the postmaster.pid of a process that is gone. PostgreSQL does so itself unless the number has passed to
 * another process of the same user, which after a container's restart is likely, and then it refuses to start.
 */
export function removeStaleClaim(layout: Layout): void {
  if (readClaim(layout)?.isAlive() === false) rmSync(join(layout.data, 'postmaster.pid'), { force: true })
}

/**
 * Fast shutdown: sessions are ended, everything is written out. After the timeout an immediate one, which the next
 * start recovers from. Never SIGKILL: it would leave the server's children working on the data.
 */
export async function stopPostmaster(postmaster: Postmaster, timeoutMs: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!postmaster.isAlive()) return
    process.kill(postmaster.pid, signal)
    if (await waitUntilGone(postmaster, timeoutMs)) return
  }
  throw new StartError(
    'failed',
    `PostgreSQL (process ${postmaster.pid}) does not stop. End it by hand, with SIGQUIT.`,
  )
}

/** Why it did not come up, from what it wrote to its log, as a sentence. */
export function explainExit(layout: Layout, logOffset: number, port: number | undefined): StartError {
  const text = readFileSync(layout.log).subarray(logOffset).toString()
  if (/No space left on device/.test(text)) return diskFull(layout.data)
  if (port !== undefined && /could not bind IPv4 address|could not create any TCP\/IP sockets/.test(text)) {
    return portInUse(port)
  }
  const fatal = /(?:FATAL|PANIC): {2}(.*)/.exec(text)?.[1] ?? text.trim().replaceAll('\n', ' ')
  return new StartError(
    'failed',
    `PostgreSQL did not start: ${fatal || 'it said nothing'} (see ${layout.log})`,
  )
}

export function portInUse(port: number): StartError {
  return new StartError(
    'port_in_use',
    `Port ${port} on 127.0.0.1, where PostgreSQL was to listen, is in use by another program. ` +
      'Stop that program, choose another port, or leave the port out: the unix socket needs none.',
  )
}

/** A postmaster's working folder is its data folder; where the system does not tell, being alive has to do. */
function isPostmasterOf(pid: number, data: string): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data)
  } catch {
    return process.platform !== 'linux'
  }
}

async function waitUntilGone(postmaster: Postmaster, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (postmaster.isAlive()) {
    if (performance.now() > deadline) return false
    await delay(5)
  }
  return true
}

const MAX_LOG_BYTES = 10 * 1024 * 1024

function openLog(path: string): number {
  try {
    if (statSync(path).size > MAX_LOG_BYTES) renameSync(path, `${path}.1`)
  } catch {
    // there is none yet
  }
  return openSync(path, 'a', 0o600)
}
