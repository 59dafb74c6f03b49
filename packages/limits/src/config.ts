import { defineSettings, type SettingsOf } from '@mainstay/kernel'

export const limitsSettings = defineSettings('limits', {
  engine: {
    env: 'LIMITS_ENGINE',
    type: 'enum',
    values: ['memory', 'postgres', 'redis'],
    default: 'memory',
    doc: 'Where it is counted how often something was done. `memory` is right for one process; several that are to share their limits take `postgres`, or `redis` with LIMITS_REDIS_URL.',
  },
  redisUrl: {
    env: 'LIMITS_REDIS_URL',
    type: 'secret',
    optional: true,
    doc: 'Redis or Valkey for LIMITS_ENGINE=redis: redis://user:password@host:6379/0, or rediss:// over TLS.',
  },
  publicPerMinute: {
    env: 'LIMITS_PUBLIC_PER_MINUTE',
    type: 'integer',
    default: 1200,
    min: 0,
    doc: 'How many calls of public methods (signing in, refreshing) one address may make in a minute, half of them at once; an IPv6 address counts with its /64. 0: any number. Mobile networks put many people behind one address.',
  },
  accountPerMinute: {
    env: 'LIMITS_ACCOUNT_PER_MINUTE',
    type: 'integer',
    default: 1200,
    min: 0,
    doc: 'How many calls one signed-in account may make in a minute, half of them at once. 0: any number.',
  },
  apiKeyPerSecond: {
    env: 'LIMITS_API_KEY_PER_SECOND',
    type: 'integer',
    default: 0,
    min: 0,
    doc: 'How many calls one API key may make in a second, twice as many at once. 0: any number.',
  },
  shadow: {
    env: 'LIMITS_SHADOW',
    type: 'boolean',
    default: false,
    doc: 'Count what the limits on calls would have refused (mainstay_limits_shadowed_total), and refuse nothing.',
  },
})

export type LimitsSettings = SettingsOf<typeof limitsSettings>
