import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { StartError } from './errors.ts'
import { chownTo, makeFolder } from './folders.ts'
import { type Layout, otherVersion } from './layout.ts'
import type { OsUser } from './os-user.ts'

/** Passwords of the two roles: the server's owner, used to start and stop it, and the program's own. */
export interface Credentials {
  superuser: string
  app: string
}

/** A new cluster takes 40 MB, and its first write-ahead log grows to 80 MB before it is reused. */
const MIN_FREE_BYTES = 150 * 1024 * 1024

/**
 * Makes the cluster unless it is there. It is built in a folder beside its place and moved there by one rename, so a
 * crash half way leaves nothing that looks like data; such leftovers are removed here.
 */
export async function initialise(
  layout: Layout,
  binaries: Binaries,
  user: OsUser | undefined,
  options: { sync: boolean },
): Promise<void> {
  const { base } = layout
  if (readdirSync(base).includes(String(layout.major))) return
  removeLeftovers(base)
  refuseFullDisk(base)
  const partial = join(base, `.partial-${process.pid}-${randomBytes(4).toString('hex')}`)
  const data = join(partial, 'data')
  const passwordFile = join(partial, 'password')
  const credentials: Credentials = { superuser: newPassword(), app: newPassword() }
  try {
    makeFolder(partial, 0o711)
    makeFolder(data, 0o700)
    writeFileSync(passwordFile, credentials.superuser, { mode: 0o600 })
    chownTo(user, data, passwordFile)
    await runInitdb(binaries, data, passwordFile, user, options)
    rmSync(passwordFile)
    writeFileSync(join(partial, 'credentials.json'), `${JSON.stringify(credentials)}\n`, {
      mode: 0o600,
      flush: true,
    })
    renameSync(partial, layout.root)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    // Another process has put its cluster there first: ours is not needed.
    if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) return
    if (isErrno(error, 'ENOSPC')) throw diskFull(base, error)
    throw error
  }
}

export function readCredentials(layout: Layout): Credentials {
  try {
    return JSON.parse(readFileSync(layout.credentials, 'utf8')) as Credentials
  } catch (cause) {
    throw new StartError(
      'no_credentials',
      `${layout.credentials} is missing or cannot be read, and it holds the passwords of the database beside it. ` +
        'Restore it from a backup, or set MAINSTAY_HOME to another folder.',
      { cause },
    )
  }
}

export function diskFull(path: string, cause?: unknown): StartError {
  return new StartError(
    'disk_full',
    `The disk that holds ${path} is full. Nothing was damaged: free some space and start again.`,
    { cause },
  )
}

/** Refuses data of another major version, and a folder that holds none. */
export function verifyVersion(layout: Layout): void {
  let found: string
  try {
    found = readFileSync(join(layout.data, 'PG_VERSION'), 'utf8').trim()
  } catch (cause) {
    throw new StartError(
      'damaged',
      `${layout.data} holds no PostgreSQL data (PG_VERSION cannot be read). Nothing was changed. ` +
        'Restore it from a backup, or move the folder away to begin with an empty database.',
      { cause },
    )
  }
  if (found !== String(layout.major)) throw otherVersion(layout.data, found, layout.major)
}

/** Folders of processes that died while initialising; those still at it are left alone. */
function removeLeftovers(base: string): void {
  for (const name of readdirSync(base)) {
    const pid = Number(/^\.partial-(\d+)-/.exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(pid) || isAlive(pid)) continue
    // An initdb that outlived its parent may still be writing into it.
    rmSync(join(base, name), { recursive: true, force: true, maxRetries: 10 })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isErrno(error, 'EPERM')
  }
}

function refuseFullDisk(base: string): void {
  const { bavail, bsize } = statfsSync(base)
  if (bavail * bsize >= MIN_FREE_BYTES) return
  throw new StartError(
    'disk_full',
    `The disk that holds ${base} has ${Math.floor((bavail * bsize) / 1024 / 1024)} MB free, and a new database ` +
      `needs ${MIN_FREE_BYTES / 1024 / 1024} MB. Free some space, or set MAINSTAY_HOME to a folder on another disk.`,
  )
}

async function runInitdb(
  { initdb }: Binaries,
  data: string,
  passwordFile: string,
  user: OsUser | undefined,
  { sync }: { sync: boolean },
): Promise<void> {
  const child = spawn(
    initdb,
    [
      `--pgdata=${data}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // PostgreSQL's own C.UTF-8: sorts alike on every machine, and no upgrade of the system can break an index.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(sync ? [] : ['--no-sync']),
    ],
    {
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (status === 0) return
  if (/No space left on device/.test(complaint)) throw diskFull(dirname(data))
  throw new StartError('failed', `PostgreSQL could not make its data folder ${data}: ${complaint.trim()}`)
}

function newPassword(): string {
  return randomBytes(24).toString('base64url')
}

function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
