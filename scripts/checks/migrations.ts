import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { lintMigrationsDir } from '@mainstay/kernel'

/** No migration does what would lock or rewrite a table that is in use. */
export async function checkMigrations(root: string): Promise<string[]> {
  const problems: string[] = []
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = join(root, 'packages', name, 'migrations')
    if (!existsSync(folder)) continue
    for (const { file, line, rule, message } of await lintMigrationsDir(folder)) {
      problems.push(`packages/${name}/migrations/${file}:${line} ${message} (${rule})`)
    }
  }
  return problems
}
