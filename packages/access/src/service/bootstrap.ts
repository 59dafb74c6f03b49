import { timingSafeEqual } from 'node:crypto'
import { type Clock, type Db, newId, type Tx, toTypeId } from '@mainstay/kernel'
import { projectCreated } from '../events.ts'
import { NO_PROJECT } from '../idempotency.ts'
import { parseKey } from '../key-text.ts'
import { sha256 } from '../secrets.ts'
import { findKeys } from '../store/api-keys.ts'
import { findProjectBySlug, insertProject, type ProjectRow } from '../store/projects.ts'
import { findFirstOperator, insertOperator, type OperatorRow } from '../store/sessions.ts'
import { BY_SYSTEM } from './act.ts'
import type { ApiKeys } from './api-keys.ts'
import { recordAudit } from './audit.ts'
import type { EventPublisher } from './event-publisher.ts'

/** What every installation has from its first start. */
export interface Bootstrap {
  /** The project `default`. */
  project: ProjectRow
  /** The first operator, who may do everything. */
  operator: OperatorRow
}

export interface BootstrapDeps {
  db: Db
  clock: Clock
  apiKeys: ApiKeys
  events: EventPublisher
}

export function createBootstrap({ db, clock, apiKeys, events }: BootstrapDeps) {
  async function ensureProject(tx: Tx): Promise<ProjectRow> {
    const existing = await findProjectBySlug(tx, 'default')
    if (existing !== undefined) return existing
    const row = {
      project_id: newId(clock),
      slug: 'default',
      display_name: 'Default',
      create_time: clock.now(),
    }
    await insertProject(tx, row)
    await recordAudit(tx, clock, BY_SYSTEM, {
      projectId: row.project_id,
      action: 'access.projects.create',
      resource: toTypeId('prj', row.project_id),
    })
    await events.publish(tx, projectCreated, { projectId: row.project_id, slug: row.slug })
    return row
  }

  async function ensureOperator(tx: Tx): Promise<OperatorRow> {
    const existing = await findFirstOperator(tx)
    if (existing !== undefined) return existing
    const row = { operator_id: newId(clock), display_name: 'Operator', permissions: ['*'] }
    await insertOperator(tx, row, clock.now())
    await recordAudit(tx, clock, BY_SYSTEM, {
      projectId: NO_PROJECT,
      action: 'access.operators.create',
      resource: toTypeId('opr', row.operator_id),
    })
    return row
  }

  return {
    /** Makes the project `default` and the first operator where they are missing. Any number of processes may call it at once. */
    async ensureBootstrap(): Promise<Bootstrap> {
      return await db.transaction(async (tx) => {
        await tx.query({ text: `SELECT pg_advisory_xact_lock(hashtextextended('access.bootstrap', 0))` })
        return { project: await ensureProject(tx), operator: await ensureOperator(tx) }
      })
    },

    /**
     * A working test key of a project, for the ready-to-paste lines of a development machine. The database keeps
     * only hashes, so the caller keeps the secret (a file, mode 0600) and hands it in at the next start: it is given
     * back while it works, and replaced by a new one when it does not.
     */
    async ensureDevKey(projectId: string, kept?: string): Promise<{ secret: string; created: boolean }> {
      if (kept !== undefined && (await isWorkingTestKey(db, clock, projectId, kept))) {
        return { secret: kept, created: false }
      }
      const { secret } = await apiKeys.create(BY_SYSTEM, {
        projectId,
        displayName: 'Development key',
        live: false,
        scopes: ['*'],
        expireTime: undefined,
      })
      return { secret, created: true }
    },
  }
}

async function isWorkingTestKey(db: Db, clock: Clock, projectId: string, text: string): Promise<boolean> {
  const parsed = parseKey(text)
  if (parsed === undefined || parsed.live) return false
  const [key] = (await findKeys(db, [parsed.publicId])).keys
  return (
    key !== undefined &&
    timingSafeEqual(key.secret_hash, sha256(text)) &&
    key.project_id === projectId &&
    key.revoke_time === null &&
    (key.expire_time === null || key.expire_time > clock.now())
  )
}
