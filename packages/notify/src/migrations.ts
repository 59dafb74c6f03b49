import { defineMigrations } from '@mainstay/kernel'

/** Notify's tables; after those of kernel and access, which its statements write to as well. */
export const notifyMigrations = defineMigrations('notify', new URL('../migrations/', import.meta.url))
