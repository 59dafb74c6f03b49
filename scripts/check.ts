/** Holds the walls of the house: `npm run check`. Prints every problem at once and exits 1 when there is one. */
import { fileURLToPath } from 'node:url'
import { checkErrorPages } from './checks/error-pages.ts'
import { checkFiles } from './checks/files.ts'
import { checkLayers } from './checks/layers.ts'
import { checkLinks } from './checks/links.ts'
import { checkLock } from './checks/lock.ts'
import { checkMigrations } from './checks/migrations.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const checks = {
  layers: checkLayers,
  files: checkFiles,
  'error pages': checkErrorPages,
  migrations: checkMigrations,
  links: checkLinks,
  lock: checkLock,
}

let failed = false
for (const [name, check] of Object.entries(checks)) {
  const problems = await check(root)
  for (const problem of problems) console.error(`${name}: ${problem}`)
  failed ||= problems.length > 0
}
if (failed) process.exit(1)
console.log(`checked: ${Object.keys(checks).join(', ')}`)
