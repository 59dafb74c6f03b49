import { createHash, randomBytes } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, realpathSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SHARED_FOLDER } from './binaries.ts'
import { StartError } from './errors.ts'
import { chownTo, makeFolder } from './folders.ts'
import { canReach, type OsUser } from './os-user.ts'

/** Where one embedded PostgreSQL keeps everything: `<home>/postgres/<major>/{data,credentials.json,postgres.log}`. */
export interface Layout {
  /** `<home>/postgres`, with links followed. */
  base: string
  /** `<home>/postgres/18`; made whole in one rename, so it is either complete or absent. */
  root: string
  data: string
  credentials: string
  log: string
  socketFolder: string
  major: number
}

/** Says where things are, and makes the folders above the data. Changes nothing inside an existing data folder. */
export function prepareLayout(home: string, major: number, user: OsUser | undefined): Layout {
  let base: string
  try {
    base = reachableBase(home, user)
  } catch (cause) {
    throw new StartError(
      'no_access',
      `The folder ${home} cannot be made or written to. Set MAINSTAY_HOME to another.`,
      { cause },
    )
  }
  refuseOtherVersions(base, major)
  return layoutOf(base, major)
}

/** Where things are below `base`, whether they are there or not. */
export function layoutOf(base: string, major: number): Layout {
  const root = join(base, String(major))
  return {
    base,
    root,
    data: join(root, 'data'),
    credentials: join(root, 'credentials.json'),
    log: join(root, 'postgres.log'),
    socketFolder: chooseSocketFolder(base),
    major,
  }
}

/**
 * `<home>/postgres`, or, when home lies under a folder closed to PostgreSQL's user (root's own home is), a link there
 * to a folder of its own in /var/lib/mainstay. PostgreSQL enters its data folder by its full path, so no permission on
 * the data folder itself could help, and opening up somebody's home folder is not ours to do.
 */
function reachableBase(home: string, user: OsUser | undefined): string {
  const base = join(home, 'postgres')
  if (existsSync(base)) return realpathSync(base)
  makeFolder(home, 0o755)
  if (canReach(user, home)) {
    makeFolder(base, 0o755)
    return realpathSync(base)
  }
  const elsewhere = join(SHARED_FOLDER, 'homes', randomBytes(8).toString('hex'))
  makeFolder(elsewhere, 0o755)
  symlinkSync(elsewhere, base)
  return elsewhere
}

function refuseOtherVersions(base: string, major: number): void {
  const others = readdirSync(base).filter((name) => /^\d+$/.test(name))
  if (others.length === 0 || others.includes(String(major))) return
  throw otherVersion(join(base, others[0] ?? ''), others.join(', '), major)
}

export function otherVersion(path: string, found: string, major: number): StartError {
  return new StartError(
    'other_version',
    `The data in ${path} belongs to PostgreSQL ${found}, and this program runs PostgreSQL ${major}. ` +
      'Nothing was changed. Export it with the version of Mainstay that made it (pg_dump) and import it into a new ' +
      'home, or set MAINSTAY_HOME to another folder.',
  )
}

/** Data made by an ordinary user keeps that owner when root starts it later; the other way round cannot work. */
export function ownerOfData({ data }: Layout, chosen: OsUser | undefined): OsUser | undefined {
  const found = statSync(data, { throwIfNoEntry: false })
  if (found === undefined) return chosen
  const { uid, gid } = found
  if (chosen !== undefined) return uid === chosen.uid ? chosen : { name: String(uid), uid, gid }
  if (uid === process.getuid?.()) return
  throw new StartError(
    'no_access',
    `${data} belongs to another user (${uid}), who alone may start it. ` +
      'Start as root or as that user, or set MAINSTAY_HOME to another folder.',
  )
}

/** The kernel allows 107 bytes for the path of a socket (sun_path), including PostgreSQL's own file name. */
const MAX_SOCKET_PATH_BYTES = 107
const LONGEST_SOCKET_NAME = '/.s.PGSQL.65535.lock'

/** `<home>/postgres/run`; when that is too long for a socket, a private folder in the system's temporary one. */
function chooseSocketFolder(base: string): string {
  const beside = join(base, 'run')
  if (Buffer.byteLength(beside + LONGEST_SOCKET_NAME) <= MAX_SOCKET_PATH_BYTES) return beside
  const hash = createHash('sha256').update(base).digest('hex').slice(0, 16)
  return join(tmpdir(), `mainstay-${process.getuid?.() ?? 0}-${hash}`)
}

/** Makes the socket's folder, private to the user that PostgreSQL runs as. */
export function prepareSocketFolder({ base, socketFolder }: Layout, user: OsUser | undefined): void {
  makeFolder(socketFolder, 0o700)
  const { uid, mode } = lstatSync(socketFolder)
  const mine = process.getuid?.()
  const isOurs = uid === mine || uid === user?.uid || (mine === 0 && socketFolder.startsWith(base))
  if (!isOurs || (mode & 0o777) !== 0o700 || !lstatSync(socketFolder).isDirectory()) {
    // In a folder that everybody can write to, somebody else may have been there first.
    throw new StartError(
      'no_access',
      `The folder ${socketFolder} is not private to this user. Remove it and start again.`,
    )
  }
  chownTo(user, socketFolder)
}
