import { type Clock, type Db, type DbLog, minIdAt, newId } from '@mainstay/kernel'
import type { AccessQuestion, Rules } from './decide.ts'
import { deleteShadowResults, insertShadowResults, type ShadowRow } from './store.ts'

const FLUSH_AFTER_MS = 1000
const MOST_SHADOWED = 5000
const KEEP_MS = 30 * 86_400_000

/** Keeps what watched policies would have decided otherwise: written once a second, and beyond 5,000 a second no more. */
export function createShadows({ db, clock, logger }: { db: Db; clock: Clock; logger: DbLog }) {
  let shadowed: ShadowRow[] = []
  let timer: NodeJS.Timeout | undefined

  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const rows = shadowed
    shadowed = []
    if (rows.length === 0) return
    try {
      await insertShadowResults(db, rows)
    } catch (error) {
      logger.warn(
        { err: error, results: rows.length },
        'what watched policies would have decided could not be kept',
      )
    }
  }

  return {
    note(
      projectId: string,
      question: AccessQuestion,
      { watched }: Pick<Rules, 'watched'>,
      allowed: boolean,
    ): void {
      if (shadowed.length >= MOST_SHADOWED) return
      shadowed.push({
        ...{
          project_id: projectId,
          result_id: newId(clock),
          subject: question.subject,
          action: question.action,
        },
        ...{ resource: `${question.resourceType}/${question.resourceId}`, allowed, shadow_allowed: !allowed },
        policies: [...watched],
      })
      timer ??= setTimeout(() => void flush(), FLUSH_AFTER_MS).unref()
    },
    flush,
    sweep: () => deleteShadowResults(db, minIdAt(clock.nowMs() - KEEP_MS)),
  }
}
