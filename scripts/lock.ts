/** Brings package-lock.json in step with the manifests, for every platform: `npm run lock`. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readLock } from './checks/lock.ts'
import { completeLock } from './lock-platforms.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const args = [
  'install',
  '--package-lock-only',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
]
execFileSync('npm', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
const lock = completeLock(readLock(root))
writeFileSync(
  fileURLToPath(new URL('../package-lock.json', import.meta.url)),
  `${JSON.stringify(lock, null, 2)}\n`,
)
