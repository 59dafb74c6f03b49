import { timestampDate, timestampFromMs } from '@bufbuild/protobuf/wkt'
import { recordAudit } from '@mainstay/access'
import {
  appError,
  type Clock,
  type Db,
  idTimeMs,
  type PageTokens,
  pageLimit,
  toTypeId,
} from '@mainstay/kernel'
import {
  type DecisionRow,
  type Fired,
  listDecisions,
  type OtpGuard,
  type OtpRules,
  type OverviewRow,
  RULE_NAMES,
  type Rule,
  readOverview,
  upsertRules,
} from '@mainstay/limits'
import {
  OtpProtection,
  type OtpRule,
  OtpRuleAction,
  OtpRuleMode,
  type OtpRules as OtpRulesMessage,
} from '@mainstay/proto/identity/v1/otp-protection'
import { type Implementation, implement } from '@mainstay/rpc'
import { actOf } from '../calls.ts'
import { reasons } from '../errors.ts'

export interface OtpProtectionDeps {
  db: Db
  clock: Clock
  pageTokens: PageTokens
  guard: Pick<OtpGuard, 'rulesOf' | 'flush'>
}

const DAY_MS = 86_400_000
const MOST_PLACES = 500
const LISTS = ['allowedCountries', 'deniedCountries', 'allowedPrefixes', 'deniedPrefixes'] as const

/** The handlers of the service OtpProtection. */
export function implementOtpProtection({ db, clock, pageTokens, guard }: OtpProtectionDeps): Implementation {
  return implement(OtpProtection, {
    async getOtpRules(_request, ctx) {
      return toRules(await guard.rulesOf(ctx.projectId))
    },
    async updateOtpRules({ otpRules, updateMask }, ctx) {
      if (ctx.caller.testMode) {
        throw appError(
          reasons,
          'identity.mode_not_allowed',
          'The rules hold for live codes as well, and a test key changes nothing live. Use a live key.',
        )
      }
      const changed = applyChange(await guard.rulesOf(ctx.projectId), otpRules, updateMask?.paths ?? [])
      const store = async (tx: Parameters<Parameters<Db['transaction']>[0]>[0]): Promise<void> => {
        await upsertRules(tx, ctx.projectId, changed, clock.now())
        await recordAudit(tx, clock, actOf(ctx), {
          projectId: ctx.projectId,
          action: 'identity.otp_rules.update',
          resource: toTypeId('prj', ctx.projectId),
        })
      }
      await (ctx.tx === undefined ? db.transaction(store) : store(ctx.tx))
      return toRules(changed)
    },
    async getOtpOverview({ sinceTime }, ctx) {
      const sinceMs = sinceTime === undefined ? clock.nowMs() - DAY_MS : timestampDate(sinceTime).getTime()
      await guard.flush()
      const rows = await readOverview(db, {
        ...{ projectId: ctx.projectId, live: !ctx.caller.testMode, limit: MOST_PLACES },
        since: new Date(Math.max(sinceMs, clock.nowMs() - 35 * DAY_MS)),
      })
      return { places: rows.map(toPlace), total: toPlace(sum(rows)) }
    },
    async listOtpDecisions(request, ctx) {
      const live = !ctx.caller.testMode
      const scope = { method: ctx.method, projectId: ctx.projectId, filter: { live } }
      const limit = pageLimit(request.pageSize)
      const [beforeId] = pageTokens.read(scope, request.pageToken) ?? []
      await guard.flush()
      const rows = await listDecisions(db, {
        ...{ projectId: ctx.projectId, live, beforeId: beforeId as string | undefined, limit: limit + 1 },
      })
      const page = pageTokens.cut(scope, rows, limit, (last) => [last.decision_id])
      return { otpDecisions: page.rows.map(toDecision), nextPageToken: page.nextPageToken }
    },
  })
}

/** Of a rule, what is set changes; of a list, all of it. */
function applyChange(
  before: OtpRules,
  asked: OtpRulesMessage | undefined,
  paths: readonly string[],
): OtpRules {
  const known = new Map<string, (typeof RULE_NAMES)[number] | (typeof LISTS)[number]>(
    [...RULE_NAMES, ...LISTS].map((name) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      name,
    ]),
  )
  const changed: OtpRules = { ...before }
  for (const path of paths) {
    const name = known.get(path)
    if (name === undefined || asked === undefined) {
      throw appError(reasons, 'identity.request_invalid', 'The request does not fit: see the details.', {
        violations: [{ field: 'updateMask', description: `names ${path}, which is no rule` }],
      })
    }
    if (isList(name)) changed[name] = asked[name]
    else changed[name] = changeRule(before[name], asked[name])
  }
  return changed
}

function isList(name: string): name is (typeof LISTS)[number] {
  return LISTS.some((list) => list === name)
}

function changeRule(before: Rule, asked: OtpRule | undefined): Rule {
  if (asked === undefined) return before
  return {
    mode: asked.mode === OtpRuleMode.UNSPECIFIED ? before.mode : (MODES[asked.mode - 1] ?? before.mode),
    action:
      asked.action === OtpRuleAction.UNSPECIFIED
        ? before.action
        : (ACTIONS[asked.action - 1] ?? before.action),
    threshold: asked.threshold === 0n ? before.threshold : Number(asked.threshold),
  }
}

const MODES = ['off', 'record', 'enforce'] as const
const ACTIONS = ['challenge', 'deny'] as const

function toRules(rules: OtpRules) {
  const message = Object.fromEntries(
    RULE_NAMES.map((name) => {
      const { mode, action, threshold } = rules[name]
      return [
        name,
        { mode: MODES.indexOf(mode) + 1, action: ACTIONS.indexOf(action) + 1, threshold: BigInt(threshold) },
      ]
    }),
  )
  const lists = Object.fromEntries(LISTS.map((name) => [name, [...rules[name]]]))
  return { ...message, ...lists }
}

function toPlace(row: OverviewRow) {
  return {
    country: row.country,
    prefix: row.prefix,
    sentCount: BigInt(row.sent),
    verifiedCount: BigInt(row.verified),
    challengedCount: BigInt(row.challenged),
    deniedCount: BigInt(row.denied),
    spentMicros: BigInt(row.spent_micros),
  }
}

function sum(rows: readonly OverviewRow[]): OverviewRow {
  const total: OverviewRow = {
    ...{ country: '', prefix: '', sent: 0, verified: 0, challenged: 0, denied: 0, spent_micros: 0 },
  }
  for (const row of rows) {
    for (const name of ['sent', 'verified', 'challenged', 'denied', 'spent_micros'] as const)
      total[name] += row[name]
  }
  return total
}

function toDecision(row: DecisionRow) {
  return {
    otpDecisionId: toTypeId('odc', row.decision_id),
    createTime: timestampFromMs(idTimeMs(row.decision_id)),
    verdict: row.verdict,
    kind: row.kind,
    channel: row.channel,
    country: row.country,
    prefix: row.prefix,
    network: row.network,
    fired: (row.fired as Fired[]).map(({ rule, mode, action, value, threshold }) => ({
      rule: rule.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      mode: MODES.indexOf(mode) + 1,
      action: ACTIONS.indexOf(action) + 1,
      value: BigInt(Math.round(value)),
      threshold: BigInt(Math.round(threshold)),
    })),
  }
}
