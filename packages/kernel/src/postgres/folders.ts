import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { OsUser } from './os-user.ts'

/** Makes a folder, and those above it, with exactly this mode: the process's umask (077 for many a root) has no say. */
export function makeFolder(path: string, mode: number): void {
  const first = mkdirSync(path, { recursive: true })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) chmodSync(made, mode)
}

/** Hands a file or folder to PostgreSQL's user; nothing to do when that is ourselves. */
export function chownTo(user: OsUser | undefined, ...paths: string[]): void {
  if (user === undefined) return
  for (const path of paths) chownSync(path, user.uid, user.gid)
}
