import { createBatcher } from '@mainstay/kernel'
import type { Redis } from 'ioredis'
import type { Engine, EngineState, EngineTake } from './engine.ts'

/**
 * Answers groups of takes one after another, each all or none, in one script, which Redis runs alone. Times are the caller's, as
 * with the other engines; a key goes when it is as good as none. Questions, what is stored, and answers are packed doubles: text
 * costs the script more than the rest of it, and Redis cuts a script's numbers to integers.
 */
const TAKE = `
local pack, unpack = struct.pack, struct.unpack
local asked = ARGV[1]
local answer = {}
local first = 1
while first <= #KEYS do
  local size = unpack('<d', asked, (first - 1) * 56 + 1)
  local all = true
  local states = {}
  for i = first, first + size - 1 do
    local _, now, algorithm, a, b, cost, enforced = unpack('<ddddddd', asked, (i - 1) * 56 + 1)
    local stored = redis.call('GET', KEYS[i])
    local value, expire = 0, 0
    if stored then
      value, expire = unpack('<dd', stored)
      if expire <= now then value, expire = 0, 0 end
    end
    local after, expireAfter, allowed
    if algorithm == 1 then
      after = math.max(value, now) + a * cost
      allowed = after - b <= now
      expireAfter = after
    else
      after = value + cost
      allowed = after <= a
      expireAfter = expire == 0 and now + b or expire
    end
    if not allowed and enforced == 1 then all = false end
    states[i] = { allowed, value, expire, after, expireAfter, now }
  end
  for i = first, first + size - 1 do
    local s = states[i]
    local packed
    if all and s[1] then
      packed = pack('<dd', s[4], s[5])
      redis.call('SET', KEYS[i], packed, 'PX', math.max(1, math.ceil(s[5] - s[6])))
    else
      packed = pack('<dd', s[2], s[3])
    end
    answer[i] = (s[1] and '1' or '0') .. packed
  end
  first = first + size
end
return table.concat(answer)
`

interface WithTake {
  mainstayTakeBuffer(...args: (string | number | Buffer)[]): Promise<Buffer>
}

const PREFIX = 'mainstay:limits:'

export interface RedisEngineOptions {
  /** `redis://…` or `rediss://…`. */
  url: string
  /** How long an answer is waited for before the limits' failure modes decide. Default 500. */
  timeoutMs?: number
}

/** Counts that all processes share in Redis or Valkey. Nothing is asked again: a take that may have happened is not repeated. */
export async function createRedisEngine({ url, timeoutMs = 500 }: RedisEngineOptions): Promise<Engine> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url, {
    commandTimeout: timeoutMs,
    connectTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // Commands while there is no connection fail at once; connecting goes on in the background.
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(times * 50, 1000),
    scripts: { mainstayTake: { lua: TAKE } },
  })
  // Each command tells its own failure; without a listener the client would print it.
  client.on('error', () => undefined)
  await untilReady(client, timeoutMs)
  const script = client as unknown as WithTake
  const batcher = createBatcher<Group, EngineState[]>({
    run: (groups) => takeAll(script, groups),
    concurrency: 4,
  })

  return {
    name: 'redis',
    take: (takes, nowMs) => batcher.submit({ takes, nowMs }),
    async reset(keys) {
      await client.del(...keys.map((key) => PREFIX + key))
    },
    /** Redis forgets by itself. */
    sweep: () => 0,
    async close() {
      client.disconnect()
    },
  }
}

interface Group {
  takes: readonly EngineTake[]
  nowMs: number
}

/** What one take is asked in: seven doubles. */
const ASK_BYTES = 56
/** What one is answered in: a digit and two doubles. */
const ANSWER_BYTES = 17

async function takeAll(script: WithTake, groups: readonly Group[]): Promise<EngineState[][]> {
  const keys: string[] = []
  for (const { takes } of groups) for (const { key } of takes) keys.push(PREFIX + key)
  const asked = Buffer.allocUnsafe(keys.length * ASK_BYTES)
  let at = 0
  for (const { takes, nowMs } of groups) {
    for (const { algorithm, a, b, cost, enforced } of takes) {
      for (const number of [takes.length, nowMs, algorithm, a, b, cost, enforced ? 1 : 0]) {
        at = asked.writeDoubleLE(number, at)
      }
    }
  }
  const answer = await script.mainstayTakeBuffer(keys.length, ...keys, asked)
  let next = 0
  return groups.map(({ takes }) => takes.map(() => readState(answer, next++ * ANSWER_BYTES)))
}

function readState(answer: Buffer, at: number): EngineState {
  return {
    allowed: answer[at] === 0x31,
    value: answer.readDoubleLE(at + 1),
    expireMs: answer.readDoubleLE(at + 9),
  }
}

/** Waits for the first connection, but no longer than for a command: the limits' failure modes hold until there is one. */
async function untilReady(client: Redis, timeoutMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, timeoutMs)
    client.once('ready', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
