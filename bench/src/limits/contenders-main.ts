/** Both sides of one engine in one process, in turn: `node contenders-main.ts memory|postgres|redis <connection>`. */
import { createDb, createLogger, systemClock } from '@mainstay/kernel'
import {
  createLimits,
  createMemoryEngine,
  createPostgresEngine,
  createRedisEngine,
  type Limit,
} from '@mainstay/limits'
import { Redis } from 'ioredis'
import pg from 'pg'
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
} from 'rate-limiter-flexible'
import type { LimitsAsk, LimitsTold } from './task.ts'

const [engine = 'memory', connection = ''] = process.argv.slice(2)
/** Never reached: what is measured is a decision, not a refusal. */
const COUNT = 1_000_000
const KEYS = 10_000
const POOL = 10
/** Decisions under way at the same time, where they are waited for. */
const CALLERS = engine === 'memory' ? 1 : 64

const limit: Limit = { name: 'bench', algorithm: 'window', count: COUNT, periodMs: 3_600_000 }
const closers: (() => Promise<unknown>)[] = []
const ours = createLimits({
  engine: await openOurs(),
  clock: systemClock,
  logger: createLogger({ level: 'silent' }),
})
closers.push(() => ours.close())
const theirs = await openTheirs()
const decide = {
  mainstay: (key: string) => ours.take([{ limit, key: [key] }]),
  'rate-limiter-flexible': (key: string) => theirs.consume(key),
}

process.on('message', async (ask: LimitsAsk) => process.send?.(await run(ask)))
process.once('SIGTERM', async () => {
  for (const close of closers) await close()
  process.disconnect?.()
})
process.send?.('ready')

async function run({ contender, durationMs }: LimitsAsk): Promise<LimitsTold> {
  const take = decide[contender]
  let done = 0
  const startedAt = performance.now()
  const drive = async (from: number): Promise<void> => {
    for (let index = from; performance.now() - startedAt < durationMs; index++) {
      // The clock is read once in a while only: it would be what is measured.
      for (let burst = 0; burst < (engine === 'memory' ? 100 : 1); burst++) {
        const answer = take(`caller-${(index * 100 + burst) % KEYS}`)
        if (answer instanceof Promise) await answer
        done++
      }
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, (_, caller) => drive(caller * 997)))
  return { decisionsPerSecond: (done * 1000) / (performance.now() - startedAt) }
}

async function openOurs() {
  if (engine === 'memory') return createMemoryEngine()
  if (engine === 'redis') return await createRedisEngine({ url: connection, timeoutMs: 5000 })
  const db = createDb({ connectionString: connection, poolSize: POOL })
  closers.push(() => db.close())
  return createPostgresEngine(db)
}

async function openTheirs(): Promise<RateLimiterAbstract> {
  const options = { points: COUNT, duration: 3600, keyPrefix: 'peer' }
  if (engine === 'memory') return new RateLimiterMemory(options)
  if (engine === 'redis') {
    const client = new Redis(connection)
    closers.push(async () => client.disconnect())
    return new RateLimiterRedis({ ...options, storeClient: client })
  }
  const pool = new pg.Pool({ connectionString: connection, max: POOL })
  closers.push(() => pool.end())
  return await new Promise((resolve, reject) => {
    const limiter = new RateLimiterPostgres(
      { ...options, storeClient: pool, tableName: 'peer', tableCreated: false },
      (error?: Error) => (error ? reject(error) : resolve(limiter)),
    )
  })
}
