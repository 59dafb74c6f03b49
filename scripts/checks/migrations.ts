import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { defineMigrations, lintMigrationsDir, readMigrations } from '@mainstay/kernel'

/**
 * Migrations are numbered without gaps or doubles, which two branches that land on one day break without a conflict; and none
 * does what would lock or rewrite a table that is in use.
 */
export async function checkMigrations(root: string): Promise<string[]> {
  const problems: string[] = []
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = join(root, 'packages', name, 'migrations')
    if (!existsSync(folder)) continue
    try {
      await readMigrations(defineMigrations(name, pathToFileURL(`${folder}/`)))
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error))
    }
    for (const { file, line, rule, message } of await lintMigrationsDir(folder)) {
      problems.push(`packages/${name}/migrations/${file}:${line} ${message} (${rule})`)
    }
  }
  return problems
}
