import type { Db } from '../db/index.ts'
import type { Logger, Metrics } from '../telemetry/index.ts'
import { beat, claim, ensureGroup, leave, release, type ShardState } from './leases.ts'
import { type RunningShard, startShard } from './shard.ts'
import { createWakeSignal } from './signal.ts'
import type { Consumer } from './subscription.ts'

/** This process as a member of its consumer groups: holds its fair share of their shards and works on them. */
export interface Member {
  readonly id: string
  start(): Promise<void>
  stop(): Promise<void>
  /** Somebody published. */
  wake(): void
  /** Somebody replayed dead letters. */
  wakeRetries(): void
  /** A member came or went: share out again. */
  rebalance(): void
}

export interface MemberOptions {
  id: string
  db: Db
  consumers: readonly Consumer[]
  logger: Logger
  metrics: Metrics
  pageSize: number
  /** How long after its last sign of life a process keeps its shards. */
  leaseMs: number
  /** How often to look for new events without being told. */
  pollMs: number
  /** Tells the other members that shards are to be shared out anew. */
  announce(): Promise<void>
}

export function createMember(options: MemberOptions): Member {
  const { id, db, logger, leaseMs, pollMs } = options
  const stopping = new AbortController()
  const consumers = new Map(options.consumers.map((consumer) => [consumer.group, consumer]))
  const groupShards = new Map<string, number>()
  const held = new Map<string, RunningShard>()
  const beats = createWakeSignal(stopping.signal)
  let aliveUntil = 0
  let loops: Promise<unknown> | undefined

  async function share(): Promise<void> {
    const startedAt = performance.now()
    const { shards, members } = await beat(db, id, leaseMs, [...consumers.keys()])
    aliveUntil = startedAt + leaseMs
    for (const state of shards) {
      const running = held.get(keyOf(state))
      if (running !== undefined && state.epoch > running.lease.epoch) await drop(state, true)
    }
    const fairShare = Math.ceil(shards.length / members)
    for (const state of shards) {
      if (held.size >= fairShare || stopping.signal.aborted) break
      if (!held.has(keyOf(state)) && (!state.ownerAlive || state.owner === id)) await take(state)
    }
    const surplus = [...held.values()].slice(fairShare)
    if (surplus.length === 0) return
    for (const { lease } of surplus) await drop(lease, false)
    await options.announce()
  }

  async function take(state: ShardState): Promise<void> {
    const consumer = consumers.get(state.group)
    const claimed = await claim(db, id, state)
    if (claimed === undefined || consumer === undefined) return
    const running = startShard({
      db,
      consumer,
      ...claimed,
      shards: groupShards.get(state.group) ?? 1,
      pageSize: options.pageSize,
      logger,
      metrics: options.metrics,
      onLost: () => held.delete(keyOf(state)),
    })
    held.set(keyOf(state), running)
  }

  /** Stops working on a shard; with `abandon` because it is another's already, else finishing what has begun. */
  async function drop(state: { group: string; shard: number }, abandon: boolean): Promise<void> {
    const running = held.get(keyOf(state))
    if (running === undefined) return
    held.delete(keyOf(state))
    await running.stop(abandon)
    if (!abandon) await release(db, running.lease)
  }

  async function keepSharing(): Promise<void> {
    while (!stopping.signal.aborted) {
      await beats.wait(leaseMs / 3)
      if (stopping.signal.aborted) return
      try {
        await share()
      } catch (err) {
        logger.warn({ err }, 'the shards of the consumer groups could not be shared out')
        if (performance.now() > aliveUntil) await dropAll(true)
      }
    }
  }

  async function dropAll(abandon: boolean): Promise<void> {
    await Promise.all([...held.values()].map(({ lease }) => drop(lease, abandon)))
  }

  /**
   * The safety net under the notifications: one read of the sequence for all groups. A number that has not moved means
   * that nobody has begun to publish. Somebody who had may commit later, without a word: so the shards look again for a
   * while after it moved, until a snapshot lists that transaction as running (the next beat ends a newer one), and
   * `isWaiting` is true from then on.
   */
  async function keepPolling(): Promise<void> {
    const polls = createWakeSignal(stopping.signal)
    let seen: bigint | undefined
    let movedAt = 0
    while (!stopping.signal.aborted) {
      await polls.wait(pollMs)
      if (stopping.signal.aborted || held.size === 0) continue
      try {
        const { rows } = await db.query<{ position: bigint }>({
          name: 'events.poll',
          text: 'SELECT last_value AS position FROM kernel.outbox_seq',
        })
        if (rows[0]?.position !== seen) movedAt = performance.now()
        seen = rows[0]?.position
        const moved = performance.now() - movedAt <= leaseMs
        for (const shard of held.values()) if (moved || shard.isWaiting()) shard.wake()
      } catch (err) {
        logger.debug({ err }, 'the outbox could not be polled')
      }
    }
  }

  return {
    id,
    async start() {
      for (const consumer of consumers.values()) {
        const shards = await ensureGroup(db, consumer)
        groupShards.set(consumer.group, shards)
        if (shards !== consumer.shards) {
          logger.warn(
            { group: consumer.group, shards, wanted: consumer.shards },
            'a consumer group keeps the number of shards it was first made with',
          )
        }
      }
      await share()
      loops = Promise.all([keepSharing(), keepPolling()])
      await options.announce()
    },
    async stop() {
      stopping.abort()
      await loops
      const worked = held.size > 0
      try {
        await dropAll(false)
        await leave(db, id)
        if (worked) await options.announce()
      } catch (err) {
        logger.warn(
          { err },
          'the shards of the consumer groups could not be given back: others get them a little later',
        )
      }
    },
    wake() {
      for (const shard of held.values()) shard.wake()
    },
    wakeRetries() {
      for (const shard of held.values()) shard.wakeRetries()
    },
    rebalance: () => beats.wake(),
  }
}

function keyOf({ group, shard }: { group: string; shard: number }): string {
  return `${group}/${shard}`
}
