import { type Db, SettingsError } from '@mainstay/kernel'
import type { LimitsSettings } from '../config.ts'
import type { Engine } from './engine.ts'
import { createMemoryEngine } from './memory.ts'
import { createPostgresEngine } from './postgres.ts'
import { createRedisEngine } from './redis.ts'

/** The engine that the settings name. Throws SettingsError when they name Redis and not where it is. */
export async function openLimitsEngine(
  db: Pick<Db, 'query'>,
  { engine, redisUrl }: Pick<LimitsSettings, 'engine' | 'redisUrl'>,
): Promise<Engine> {
  if (engine === 'postgres') return createPostgresEngine(db)
  if (engine === 'memory') return createMemoryEngine()
  if (redisUrl === undefined)
    throw new SettingsError([
      'LIMITS_REDIS_URL: LIMITS_ENGINE=redis needs it, for example redis://localhost:6379',
    ])
  return await createRedisEngine({ url: redisUrl })
}
