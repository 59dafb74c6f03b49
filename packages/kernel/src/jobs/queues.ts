import type { PgBoss, QueueOptions, QueuePolicy } from 'pg-boss'
import type { Db } from '../db/index.ts'
import type { JobDefinition } from './definition.ts'

/** Makes the definitions' queues, or brings existing ones up to date. One read when nothing has changed. */
export async function ensureQueues(
  boss: PgBoss,
  db: Db,
  definitions: readonly JobDefinition[],
  heartbeatSeconds: number,
): Promise<void> {
  const names = definitions.map(({ name }) => name)
  if (names.length === 0) return
  const known = new Map((await boss.getQueues(names)).map((queue) => [queue.name, queue]))
  for (const definition of definitions) {
    const { name } = definition
    const options = toQueueOptions(definition)
    const queue = known.get(name)
    if (queue === undefined) {
      await boss.createQueue(name, { ...options, policy: policyOf(definition), notify: true })
      continue
    }
    if (queue.policy !== policyOf(definition)) {
      throw new TypeError(
        `The job ${name} was first defined with another "singleton", and that cannot change: rename it`,
      )
    }
    const changed = Object.entries(options).some(([key, value]) => queue[key as keyof QueueOptions] !== value)
    if (changed) await boss.updateQueue(name, options)
  }
  // pg-boss takes no heartbeat below 10 seconds from its callers, since it renews at half of it; we renew at a third.
  // The tables take any, and a killed worker's job is picked up that much sooner.
  await db.query({
    text: `UPDATE pgboss.queue SET heartbeat_seconds = $2
           WHERE name = ANY ($1) AND heartbeat_seconds IS DISTINCT FROM $2`,
    values: [names, heartbeatSeconds],
  })
}

function toQueueOptions(definition: JobDefinition): QueueOptions {
  const { retries, retryDelayMs, retryMaxDelayMs, timeoutMs } = definition
  return {
    retryLimit: retries,
    retryDelay: toSeconds(retryDelayMs),
    retryBackoff: true,
    retryDelayMax: toSeconds(retryMaxDelayMs),
    expireInSeconds: toSeconds(timeoutMs),
    deleteAfterSeconds: 7 * 24 * 60 * 60,
  }
}

function policyOf({ singleton }: JobDefinition): QueuePolicy {
  if (singleton === undefined) return 'standard'
  return singleton === 'waiting' ? 'short' : 'exclusive'
}

function toSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000))
}
