import { after, before } from 'node:test'
import { type Bus, createBus } from '../../bus/index.ts'
import type { Db } from '../../db/index.ts'
import { kernelMigrations } from '../../kernel-migrations.ts'
import { createLogger, createMetrics, type Metrics } from '../../telemetry/index.ts'
import { type TestDatabase, useTestDatabase } from '../../testing/index.ts'
import {
  createEvents,
  defineEvent,
  type Events,
  type EventsOptions,
  type EventToken,
  type Subscription,
} from '../index.ts'

export interface Step {
  thing: string
  step: number
}

export interface EventsHarness {
  readonly database: TestDatabase
  readonly db: Db
  readonly bus: Bus
  /** Of the process started last. */
  readonly metrics: Metrics
  /** A token nobody else uses, so that tests share the database but not their events. */
  newToken(): EventToken<Step>
  /** Events as one process would have them; stopped at the end. */
  start<P = Step>(subscription: Subscription<P>, options?: Partial<EventsOptions>): Promise<Events>
  /** Publishes steps in one transaction each. */
  publish(events: Events, token: EventToken<Step>, steps: readonly Step[]): Promise<void>
  /** Steps 1 to `count` of one thing. */
  steps(thing: string, count: number): Step[]
}

/** Call at the top of a test file. */
export function useEvents(): EventsHarness {
  const database = useTestDatabase({ sets: [kernelMigrations] })
  const running: Events[] = []
  let bus: Bus
  let metrics = createMetrics()
  let tokens = 0
  before(async () => {
    await database.ready()
    bus = createBus({ connection: database.connectionString })
    await bus.start()
  })
  after(async () => {
    await Promise.all(running.map((events) => events.stop()))
    await bus.stop()
  })
  return {
    database,
    get db() {
      return database.db
    },
    get bus() {
      return bus
    },
    get metrics() {
      return metrics
    },
    newToken: () => defineEvent<Step>(`test.happened_${++tokens}`, { key: ({ thing }) => thing }),
    async start(subscription, options = {}) {
      metrics = createMetrics()
      const events = createEvents({
        db: database.db,
        bus,
        logger: createLogger({ level: 'silent' }),
        metrics,
        pollMs: 20,
        leaseMs: 2_000,
        ...options,
      })
      events.subscribe(subscription)
      await events.start()
      running.push(events)
      return events
    },
    async publish(events, token, steps) {
      for (const step of steps) await database.db.transaction((tx) => events.publish(tx, token, step))
    },
    steps: (thing, count) => Array.from({ length: count }, (_, index) => ({ thing, step: index + 1 })),
  }
}
