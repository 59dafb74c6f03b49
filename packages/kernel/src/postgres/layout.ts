import { createHash, randomBytes } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SHARED_FOLDER } from './binaries.ts'
import { chownTo } from './chown.ts'
import { StartError } from './errors.ts'
import { canReach, type OsUser } from './os-user.ts'

/** Where one embedded PostgreSQL keeps everything: `<home>/postgres/<major>/{data,credentials.json,postgres.log}`. */
export interface Layout {
  /** `<home>/postgres/18`; made whole in one rename, so it is either complete or absent. */
  root: string
  data: string
  credentials: string
  log: string
  socketFolder: string
  major: number
}

/** Makes the folders above the data and says where things are. Changes nothing inside an existing data folder. */
export function prepareLayout(home: string, major: number, user: OsUser | undefined): Layout {
  makeFolder(home)
  const base = reachableBase(home, user)
  refuseOtherVersions(base, major)
  const root = join(base, String(major))
  return {
    root,
    data: join(root, 'data'),
    credentials: join(root, 'credentials.json'),
    log: join(root, 'postgres.log'),
    socketFolder: socketFolder(base, user),
    major,
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 })
  } catch (cause) {
    throw new StartError(
      'no_access',
      `The folder ${path} cannot be made or written to. Set MAINSTAY_HOME to another.`,
      {
        cause,
      },
    )
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
  if (canReach(user, home)) {
    makeFolder(base)
    return realpathSync(base)
  }
  const elsewhere = join(SHARED_FOLDER, 'homes', randomBytes(8).toString('hex'))
  makeFolder(elsewhere)
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

/** The kernel allows 107 bytes for the path of a socket (sun_path), including PostgreSQL's own file name. */
const MAX_SOCKET_PATH_BYTES = 107
const LONGEST_SOCKET_NAME = '/.s.PGSQL.65535.lock'

/** `<home>/postgres/run`; when that is too long for a socket, a private folder in the system's temporary one. */
function socketFolder(base: string, user: OsUser | undefined): string {
  const beside = join(base, 'run')
  const fits = Buffer.byteLength(beside + LONGEST_SOCKET_NAME) <= MAX_SOCKET_PATH_BYTES
  const hash = createHash('sha256').update(base).digest('hex').slice(0, 16)
  const folder = fits ? beside : join(tmpdir(), `mainstay-${process.getuid?.() ?? 0}-${hash}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = lstatSync(folder)
  const owner = user?.uid ?? process.getuid?.()
  if (uid === process.getuid?.() && user !== undefined) chownTo(user, folder)
  else if (uid !== owner || (mode & 0o777) !== 0o700 || !lstatSync(folder).isDirectory()) {
    // In a folder that everybody can write to, somebody else may have been there first.
    throw new StartError(
      'no_access',
      `The folder ${folder} is not private to this user. Remove it and start again.`,
    )
  }
  return folder
}
