import { setTimeout as delay } from 'node:timers/promises'
import type { Bus } from '../bus/index.ts'
import type { Db, Tx } from '../db/index.ts'
import { newId } from '../ids.ts'
import type { Logger, Metrics } from '../telemetry/index.ts'
import { createDeadLetters, type DeadLetters } from './dead-letters.ts'
import type { EventToken } from './define.ts'
import { type MaintainReport, maintainOutbox } from './maintain.ts'
import { createMember, type Member } from './member.ts'
import { adoptOutbox } from './origin.ts'
import { insertEvents } from './publish.ts'
import { type Consumer, type Subscription, toConsumer } from './subscription.ts'

export interface EventsOptions {
  db: Db
  bus: Bus
  logger: Logger
  metrics: Metrics
  /** How often to look for events without being told. Default 1,000. */
  pollMs?: number
  /** How long after its last sign of life a killed process keeps its shards. Default 6,000. */
  leaseMs?: number
  /** Events read and committed at once. Default 200. */
  pageSize?: number
  /** How long events are kept at least. Default 7 days. */
  retentionMs?: number
}

export interface Events {
  /** Publishes in the caller's transaction: the event exists if and only if it commits. */
  publish<P>(tx: Tx, token: EventToken<P>, payload: P, options?: { key?: string }): Promise<void>
  /** The same for many, in one statement, in this order. */
  publishMany<P>(tx: Tx, token: EventToken<P>, payloads: readonly P[]): Promise<void>
  /** Wakes the consumers after a commit that wrote outbox rows without `publish`. Cheap; calls within 20 ms are one. */
  wake(): void
  /** Before `start`. */
  subscribe<P>(subscription: Subscription<P>): void
  /** Starts consuming what was subscribed to. A process that only publishes need not call it. */
  start(): Promise<void>
  /** Finishes the handlers under way and gives the shards back. */
  stop(): Promise<void>
  readonly deadLetters: DeadLetters
  /** Forgets a group that will not come back, with its retries; what it had not read is free to be dropped. */
  removeGroup(name: string): Promise<boolean>
  /** Makes and drops partitions; for an hourly job. */
  maintain(now?: Date): Promise<MaintainReport>
}

/** Domain events over a transactional outbox: facts, at least once, in order per key, to each consumer group. */
export function createEvents(options: EventsOptions): Events {
  const { db, bus, logger, metrics, pollMs = 1_000, leaseMs = 6_000, pageSize = 200 } = options
  const processId = newId()
  const consumers = new Map<string, Consumer>()
  const unsubscribe: (() => void)[] = []
  const published = metrics.counter({
    name: 'mainstay_events_published_total',
    help: 'Events written by this process through publish and publishMany.',
    labels: ['event'],
  })
  let member: Member | undefined
  let waking: Promise<void> | undefined
  let wakeAgain = false

  /** Our own consumers are woken without the detour; the process id keeps our message from waking them twice. */
  function wake(): void {
    member?.wake()
    wakeAgain = true
    waking ??= tellOthers().finally(() => {
      waking = undefined
    })
  }

  /** The first wake leaves at once, those of the next 20 ms together: a NOTIFY for every commit would queue commits. */
  async function tellOthers(): Promise<void> {
    while (wakeAgain) {
      wakeAgain = false
      await send('')
      await delay(20)
    }
  }

  async function send(news: '' | 'members' | 'replayed'): Promise<void> {
    try {
      await bus.notify(db, CHANNEL, `${processId} ${news}`)
    } catch (err) {
      logger.debug({ err }, 'consumers could not be told about events: they will find them when they poll')
    }
  }

  function receive(message: string): void {
    const [sender, news] = message.split(' ')
    if (news === 'replayed') member?.wakeRetries()
    else if (sender === processId) return
    else if (news === 'members') member?.rebalance()
    else member?.wake()
  }

  async function publish<P>(
    tx: Tx,
    token: EventToken<P>,
    payloads: readonly P[],
    key?: string,
  ): Promise<void> {
    if (payloads.length === 0) return
    await insertEvents(tx, token, payloads, key)
    tx.afterCommit(() => {
      published.inc({ event: token.name }, payloads.length)
      wake()
    })
  }

  return {
    publish: (tx, token, payload, publishOptions) => publish(tx, token, [payload], publishOptions?.key),
    publishMany: (tx, token, payloads) => publish(tx, token, payloads),
    wake,
    subscribe(subscription) {
      const consumer = toConsumer(subscription)
      if (consumers.has(consumer.group))
        throw new TypeError(`The group ${consumer.group} is subscribed already`)
      if (member !== undefined) throw new TypeError('Subscribe before events.start()')
      consumers.set(consumer.group, consumer)
    },
    async start() {
      if (member !== undefined || consumers.size === 0) return
      if (await adoptOutbox(db)) {
        logger.warn(
          {},
          'the database has moved to another server: some events will be delivered a second time',
        )
      }
      member = createMember({
        id: processId,
        db,
        consumers: [...consumers.values()],
        logger,
        metrics,
        pageSize,
        leaseMs,
        pollMs,
        announce: () => send('members'),
      })
      unsubscribe.push(await bus.listen(CHANNEL, receive))
      unsubscribe.push(
        bus.onReconnect(() => {
          member?.wake()
          member?.wakeRetries()
        }),
      )
      await member.start()
    },
    async stop() {
      for (const stop of unsubscribe.splice(0)) stop()
      await member?.stop()
      member = undefined
      await waking
    },
    deadLetters: createDeadLetters(db, () => send('replayed')),
    async removeGroup(name) {
      const { rowCount } = await db.query({
        text: 'DELETE FROM kernel.event_groups WHERE name = $1',
        values: [name],
      })
      return rowCount > 0
    },
    maintain: (now) =>
      maintainOutbox({
        db,
        logger,
        retentionMs: options.retentionMs ?? 7 * 24 * 60 * 60 * 1_000,
        ...(now === undefined ? {} : { now }),
      }),
  }
}

const CHANNEL = 'mainstay_events'
