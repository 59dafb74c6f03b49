export { MigrationError } from './errors.ts'
export { defineMigrations, type Migration, type MigrationSet, readMigrations } from './files.ts'
export { type LintFinding, lintMigration, lintMigrationsDir } from './lint.ts'
export { type MigrationReport, type MigrationStatus, migrate, migrationStatus } from './migrate.ts'
