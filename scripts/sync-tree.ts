import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The files of `to` that differ from those of `from`: changed, missing, or there without reason. Full paths in `to`. */
export function compareTrees(from: string, to: string): string[] {
  const wanted = filesOf(from)
  const differing = wanted.filter((path) => !sameFile(join(from, path), join(to, path)))
  const surplus = filesOf(to).filter((path) => !wanted.includes(path))
  return [...differing, ...surplus].map((path) => join(to, path))
}

/** Makes `to` the same as `from`, touching only the files that differ, so that watchers and caches stay calm. */
export function replaceTree(from: string, to: string): void {
  const wanted = filesOf(from)
  for (const path of filesOf(to)) if (!wanted.includes(path)) rmSync(join(to, path))
  for (const path of wanted) {
    if (sameFile(join(from, path), join(to, path))) continue
    mkdirSync(dirname(join(to, path)), { recursive: true })
    copyFileSync(join(from, path), join(to, path))
  }
}

/** Paths of all files below a folder; the empty path for a single file; none where nothing is. */
function filesOf(path: string): string[] {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return ['']
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(path, name)).isFile())
    .sort()
}

function sameFile(a: string, b: string): boolean {
  return existsSync(b) && readFileSync(a).equals(readFileSync(b))
}
