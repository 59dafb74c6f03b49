import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { StartError } from './errors.ts'

/** The user that PostgreSQL runs as. */
export interface OsUser {
  name: string
  uid: number
  gid: number
}

/**
 * PostgreSQL refuses to run as root, so root drops to an ordinary user: `postgres` or `mainstay` when there is one,
 * else a new system user `mainstay`, else `nobody` (the last choice, since other services may run as it too).
 * Anybody else runs PostgreSQL as themselves, which is what undefined means.
 */
export function chooseOsUser(): OsUser | undefined {
  if (process.getuid?.() !== 0) return
  const existing = findUser('postgres') ?? findUser('_postgres') ?? findUser('mainstay')
  if (existing !== undefined) return existing
  spawnSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'mainstay'])
  const found = findUser('mainstay') ?? findUser('nobody')
  if (found !== undefined) return found
  throw new StartError(
    'no_os_user',
    'PostgreSQL cannot run as root, and there is no user "postgres" or "mainstay" and none could be made. ' +
      'Run this as an ordinary user, create one with "useradd --system mainstay", or set DATABASE_URL.',
  )
}

/** True when this user can enter the folder or reach the file, whatever the folders above it allow. */
export function canReach(user: OsUser | undefined, path: string): boolean {
  if (user === undefined) return true
  const check = spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], {
    uid: user.uid,
    gid: user.gid,
    cwd: '/',
  })
  return check.status === 0
}

function findUser(name: string): OsUser | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':').map(Number) ?? []
  return uid === undefined || gid === undefined || uid === 0 ? undefined : { name, uid, gid }
}
