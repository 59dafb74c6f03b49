import { createBatcher, type Db } from '@mainstay/kernel'
import type { Engine, EngineState, EngineTake } from './engine.ts'

interface Row {
  allowed: boolean
  value: number
  expire_ms: number
}

interface Group {
  takes: readonly EngineTake[]
  nowMs: number
}

/** Counts that all processes on a database share. What is asked at the same time shares a round trip; rows are locked in the order of their keys. */
export function createPostgresEngine(db: Pick<Db, 'query'>): Engine {
  const batcher = createBatcher<Group, EngineState[]>({
    run: (groups) => takeAll(db, groups),
    concurrency: 2,
  })
  return {
    name: 'postgres',
    take: (takes, nowMs) => batcher.submit({ takes, nowMs }),
    async reset(keys) {
      await db.query({ text: 'DELETE FROM limits.counters WHERE key = ANY ($1)', values: [keys] })
    },
    async sweep(nowMs) {
      const { rowCount } = await db.query({
        text: `DELETE FROM limits.counters WHERE key IN (
                 SELECT key FROM limits.counters WHERE expire_ms <= $1 LIMIT 20000 FOR UPDATE SKIP LOCKED)`,
        values: [nowMs],
      })
      return rowCount
    },
    close: async () => undefined,
  }
}

async function takeAll(db: Pick<Db, 'query'>, groups: readonly Group[]): Promise<EngineState[][]> {
  const asked = groups.flatMap(({ takes, nowMs }, group) => takes.map((take) => ({ ...take, group, nowMs })))
  const { rows } = await db.query<Row>({
    name: 'limits.take',
    text: 'SELECT allowed, value, expire_ms FROM limits.take($1, $2, $3, $4, $5, $6, $7, $8)',
    values: [
      asked.map(({ group }) => group),
      asked.map(({ key }) => key),
      asked.map(({ algorithm }) => algorithm),
      asked.map(({ a }) => a),
      asked.map(({ b }) => b),
      asked.map(({ cost }) => cost),
      asked.map(({ enforced }) => enforced),
      asked.map(({ nowMs }) => nowMs),
    ],
  })
  const answers: EngineState[][] = groups.map(() => [])
  for (const [index, { group }] of asked.entries()) {
    const row = rows[index] as Row
    answers[group]?.push({ allowed: row.allowed, value: row.value, expireMs: row.expire_ms })
  }
  return answers
}
