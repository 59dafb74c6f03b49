import { defineMigrations } from '@mainstay/kernel'

export { type IdentitySettings, identitySettings } from './config.ts'
export { reasons } from './errors.ts'
export { type AccountEvent, accountBanned, accountCreated, accountDeleted } from './events.ts'
export { createIdentity, type Identity, type IdentityDeps } from './identity.ts'

export const identityMigrations = defineMigrations('identity', new URL('../migrations/', import.meta.url))
