import { defineMigrations } from './migrations/index.ts'

/** The kernel's own tables: outbox, consumer groups, jobs. First in every list of migrations. */
export const kernelMigrations = defineMigrations('kernel', new URL('../migrations/', import.meta.url))
