import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files git tracks or would track, relative to the root, without generated ones. */
export function listFiles(root: string, pattern: RegExp): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard']
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 })
    .split('\n')
    .filter((path) => pattern.test(path) && !/(^|\/)(gen|dist|node_modules)\//.test(path))
    .filter((path) => existsSync(join(root, path)))
}

export function readFile(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8')
}
