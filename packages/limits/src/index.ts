import { defineMigrations } from '@mainstay/kernel'

export { addressKey, networkKey } from './addresses.ts'
export { createCallLimits } from './call-limits.ts'
export { type LimitsSettings, limitsSettings } from './config.ts'
export type { Engine } from './engines/engine.ts'
export { createMemoryEngine } from './engines/memory.ts'
export { openLimitsEngine } from './engines/open.ts'
export { createPostgresEngine } from './engines/postgres.ts'
export { createRedisEngine } from './engines/redis.ts'
export { reasons } from './errors.ts'
export { limitHeaders } from './headers.ts'
export type { Decision, Limit, Take, Verdict } from './limit.ts'
export { createLimits, exceeded, type Limits, type LimitsDeps } from './limits.ts'

export const limitsMigrations = defineMigrations('limits', new URL('../migrations/', import.meta.url))
