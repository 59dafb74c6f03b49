export { MigrationError } from './errors.ts'
export { defineMigrations, type Migration, type MigrationSet, readMigrations } from './files.ts'
export type { AppliedMigration } from './history.ts'
export { type LintContext, type LintFinding, lintMigration, lintMigrationsDir } from './lint.ts'
export {
  type MigrateOptions,
  type MigrationReport,
  type MigrationStatus,
  migrate,
  migrationStatus,
} from './migrate.ts'
