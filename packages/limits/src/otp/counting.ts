import type { Clock, Db, Logger } from '@mainstay/kernel'
import { addCounts, type CountRow, type DecisionRow, insertDecisions } from './store.ts'

/** Where codes went. */
export interface Place {
  projectId: string
  live: boolean
  country: string
  prefix: string
}

export type Counted = 'sent' | 'verified' | 'challenged' | 'denied'

const BUCKET_MS = 600_000
const FLUSH_AFTER_MS = 1000
const MOST_DECISIONS = 10_000

/**
 * Adds up what became of codes and writes it once a second, all places in one statement: a row a country would otherwise be what
 * every sign-in of the country waits for. A crash loses a second of counts, which ratios can bear; money is counted elsewhere.
 */
export function createCounting({
  db,
  clock,
  logger,
}: {
  db: Db
  clock: Clock
  logger: Pick<Logger, 'warn'>
}) {
  let counts = new Map<string, CountRow>()
  let decisions: DecisionRow[] = []
  let timer: NodeJS.Timeout | undefined

  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const rows = [...counts.values()]
    const decided = decisions
    counts = new Map()
    decisions = []
    try {
      if (rows.length > 0) await addCounts(db, rows)
      if (decided.length > 0) await insertDecisions(db, decided)
    } catch (error) {
      logger.warn(
        { err: error, counts: rows.length, decisions: decided.length },
        'what became of codes could not be counted',
      )
    }
  }
  const schedule = (): void => {
    if (timer !== undefined) return
    timer = setTimeout(() => void flush(), FLUSH_AFTER_MS)
    timer.unref()
  }

  return {
    count({ projectId, live, country, prefix }: Place, what: Counted, spentMicros = 0): void {
      const bucketMs = Math.floor(clock.nowMs() / BUCKET_MS) * BUCKET_MS
      const name = `${projectId}/${live}/${bucketMs}/${country}/${prefix}`
      let row = counts.get(name)
      if (row === undefined) {
        row = {
          ...{ project_id: projectId, live, bucket_time: new Date(bucketMs).toISOString(), country, prefix },
          ...{ sent: 0, verified: 0, challenged: 0, denied: 0, spent_micros: 0 },
        }
        counts.set(name, row)
      }
      row[what]++
      row.spent_micros += spentMicros
      schedule()
    },
    note(decision: DecisionRow): void {
      // Under a flood what matters is in the counts; the newest decisions make room for none.
      if (decisions.length < MOST_DECISIONS) decisions.push(decision)
      schedule()
    },
    flush,
  }
}

export type Counting = ReturnType<typeof createCounting>
