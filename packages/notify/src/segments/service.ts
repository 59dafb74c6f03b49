import { recordAudit } from '@mainstay/access'
import {
  type AppError,
  appError,
  type Clock,
  type Db,
  type Executor,
  sqlState,
  type Tx,
} from '@mainstay/kernel'
import type { CallContext } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import type { RecipientRow } from '../recipients/store.ts'
import { segmentCondition } from './condition.ts'
import { isRule, readRule, type SegmentRule } from './rule.ts'
import {
  countRecipients,
  deleteSegment,
  estimateRecipients,
  findSegment,
  insertSegment,
  type SegmentRow,
  updateSegment,
} from './store.ts'

export interface SegmentsDeps {
  db: Db
  clock: Clock
  /** How long counting and sampling may each take, since operators wait for them at every change of a rule. Default 2,000. */
  countTimeoutMs?: number
}

export interface WantedSegment {
  segment: string
  displayName: string
  description: string
  rule: unknown
  etag: string
}

export interface Preview {
  count: number
  estimated: boolean
  sample: RecipientRow[]
}

const SAMPLE_SIZE = 10

/** Groups of recipients by rules. */
export function createSegments({ db, clock, countTimeoutMs = 2000 }: SegmentsDeps) {
  const within = <T>(ctx: CallContext, fn: (tx: Tx) => Promise<T>): Promise<T> =>
    ctx.tx === undefined ? db.transaction(fn) : fn(ctx.tx)

  async function record(tx: Tx, ctx: CallContext, segment: string, verb: 'create' | 'update' | 'delete') {
    const what = { projectId: ctx.projectId, action: `notify.segments.${verb}`, resource: segment }
    await recordAudit(tx, clock, { actor: ctx.caller.id, requestId: ctx.requestId }, what)
  }

  return {
    async create(ctx: CallContext, wanted: WantedSegment): Promise<SegmentRow> {
      requireRule(wanted.rule, 'segment.rule')
      const { segment, displayName: display_name, description, rule } = wanted
      return await within(ctx, async (tx) => {
        const row = await insertSegment(
          tx,
          ctx.projectId,
          { segment, display_name, description, rule },
          clock.now(),
        )
        if (row === undefined) {
          throw appError(reasons, 'notify.segment_exists', `There is a segment "${segment}" already.`)
        }
        await record(tx, ctx, segment, 'create')
        return row
      })
    },

    /** Changes the fields that `paths` names; none: all of them. */
    async update(ctx: CallContext, wanted: WantedSegment, paths: readonly string[]): Promise<SegmentRow> {
      const fields = readMask(paths)
      if (fields.has('rule')) requireRule(wanted.rule, 'segment.rule')
      const change = {
        ...(fields.has('display_name') && { display_name: wanted.displayName }),
        ...(fields.has('description') && { description: wanted.description }),
        ...(fields.has('rule') && { rule: wanted.rule }),
      }
      const { segment, etag } = wanted
      return await within(ctx, async (tx) => {
        const revision = etag === '' ? undefined : Number(etag)
        const isNumber = revision === undefined || Number.isInteger(revision)
        const row = isNumber
          ? await updateSegment(tx, ctx.projectId, segment, change, revision, clock.now())
          : undefined
        if (row === undefined) {
          if ((await findSegment(tx, ctx.projectId, segment)) === undefined) throw segmentNotFound(segment)
          throw appError(
            reasons,
            'notify.etag_mismatch',
            'The segment was changed by somebody else. Read it again, and decide anew.',
          )
        }
        await record(tx, ctx, segment, 'update')
        return row
      })
    },

    async get(projectId: string, segment: string): Promise<SegmentRow> {
      return await requireSegment(db, projectId, segment)
    },

    async remove(ctx: CallContext, segment: string): Promise<void> {
      await within(ctx, async (tx) => {
        if (!(await deleteSegment(tx, ctx.projectId, segment))) throw segmentNotFound(segment)
        await record(tx, ctx, segment, 'delete')
      })
    },

    async preview(projectId: string, rule: SegmentRule): Promise<Preview> {
      try {
        const counted = await countRecipients(db, projectId, rule, SAMPLE_SIZE, countTimeoutMs)
        return { ...counted, estimated: false }
      } catch (error) {
        if (sqlState(error) !== QUERY_CANCELLED) throw error
        const count = await estimateRecipients(db, projectId, segmentCondition(rule, 2))
        return { count, estimated: true, sample: [] }
      }
    },
  }
}

const QUERY_CANCELLED = '57014'

const FIELDS = ['display_name', 'description', 'rule'] as const

function readMask(paths: readonly string[]): ReadonlySet<string> {
  if (paths.length === 0) return new Set(FIELDS)
  const unknown = paths.find((path) => !(FIELDS as readonly string[]).includes(path))
  if (unknown === undefined) return new Set(paths)
  throw appError(
    reasons,
    'notify.request_invalid',
    `The update mask names "${unknown}", which cannot be changed.`,
    { violations: [{ field: 'updateMask', description: `must only name ${FIELDS.join(', ')}` }] },
  )
}

/** The rule that a request gives at `field`. Throws `notify.request_invalid` with the path of what is wrong. */
export function requireRule(json: unknown, field: string): SegmentRule {
  const read = json === undefined ? { field, description: 'must be set' } : readRule(json, field)
  if (isRule(read)) return read
  throw appError(
    reasons,
    'notify.request_invalid',
    `The rule is not valid. ${read.field}: ${read.description}`,
    {
      violations: [read],
    },
  )
}

/** Throws `notify.segment_not_found`. */
async function requireSegment(executor: Executor, projectId: string, segment: string): Promise<SegmentRow> {
  const row = await findSegment(executor, projectId, segment)
  if (row === undefined) throw segmentNotFound(segment)
  return row
}

/** The rule of a segment that is stored. Throws `notify.segment_not_found`. */
export async function ruleOfSegment(
  executor: Executor,
  projectId: string,
  segment: string,
): Promise<SegmentRule> {
  return requireRule((await requireSegment(executor, projectId, segment)).rule, 'segment.rule')
}

function segmentNotFound(segment: string): AppError {
  return appError(
    reasons,
    'notify.segment_not_found',
    `There is no segment "${segment}". Create it with CreateSegment.`,
  )
}
