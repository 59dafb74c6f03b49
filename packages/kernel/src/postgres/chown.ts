import { chownSync } from 'node:fs'
import type { OsUser } from './os-user.ts'

/** Hands a file or folder to PostgreSQL's user; nothing to do when that is ourselves. */
export function chownTo(user: OsUser | undefined, ...paths: string[]): void {
  if (user === undefined) return
  for (const path of paths) chownSync(path, user.uid, user.gid)
}
