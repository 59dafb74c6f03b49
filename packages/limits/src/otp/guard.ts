import { type Clock, createBatcher, type Db, type Logger, minIdAt, newId } from '@mainstay/kernel'
import { LRUCache } from 'lru-cache'
import { addressKey, networkKey } from '../addresses.ts'
import { createPostgresEngine } from '../engines/postgres.ts'
import type { Limit, Take } from '../limit.ts'
import { createLimits, type Limits } from '../limits.ts'
import { createCounting, type Place } from './counting.ts'
import type { ProofPort, ProofTask } from './proof.ts'
import {
  DEFAULT_RULES,
  type OtpRules,
  type Rule,
  type RuleAction,
  type RuleName,
  readLists,
  unverifiedThreshold,
} from './rules.ts'
import {
  deleteOldOtp,
  findRules,
  type Member,
  noteMembers,
  type PlaceCounts,
  readPlace,
  useOnce,
} from './store.ts'

/** Somebody wants a code sent. */
export interface OtpAttempt {
  projectId: string
  live: boolean
  kind: string
  channel: 'sms' | 'whatsapp' | 'email'
  /** A keyed hash of the canonical address. */
  recipientKey: string
  /** Of phone numbers. */
  e164?: string | undefined
  /** ISO 3166-1 alpha-2, of phone numbers. */
  country?: string | undefined
  clientAddress: string
  /** A device that is known, or empty. */
  deviceId: string
  /** What sending costs at the most, in millionths of the project's currency. */
  priceMicros: number
  /** The solution of what an earlier answer asked for; empty when there is none. */
  proof: string
}

/** A rule that fired. */
export interface Fired {
  rule: RuleName | 'lists'
  mode: 'record' | 'enforce'
  action: RuleAction
  value: number
  threshold: number
}

export interface Assessment {
  verdict: 'allow' | 'challenge' | 'deny'
  fired: readonly Fired[]
  /** Of a denial that passes by itself. */
  retryAfterMs: number | undefined
  /** Of a challenge: what is to be done first. */
  task: ProofTask | undefined
}

export interface OtpGuardDeps {
  db: Db
  clock: Clock
  logger: Pick<Logger, 'warn'>
  /** How often things were asked for. */
  limits: Pick<Limits, 'take'>
  proofs: ProofPort
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const KEEP_COUNTS_MS = 35 * DAY_MS
const KEEP_DECISIONS_MS = 30 * DAY_MS
/** How old a process' view of rules and of what a place verified may be. */
const VIEW_TTL_MS = 2000
const PREFIX_DIGITS = 7

/** Decides whether a code is worth sending, before it costs anything. */
export function createOtpGuard(deps: OtpGuardDeps) {
  const { db, clock, logger, limits, proofs } = deps
  // Money is shared by all processes, whatever else counts for itself; and nothing is spent while it cannot be counted.
  const budgets = createLimits({ engine: createPostgresEngine(db), clock, logger })
  const counting = createCounting({ db, clock, logger })
  const rulesOf = createView<OtpRules>(clock, async (projectId) => ({
    ...DEFAULT_RULES,
    ...(await findRules(db, projectId)),
  }))
  const members = createBatcher<Member, number>({
    run: (asked) =>
      noteMembers(db, asked, { now: clock.now(), expireTime: new Date(clock.nowMs() + HOUR_MS) }),
  })
  const placeCounts = createView<PlaceCounts>(clock, async (name) => {
    const [projectId = '', live, country = '', prefix = ''] = name.split('/')
    const nowMs = clock.nowMs()
    const [hourAgo, dayAgo] = [new Date(nowMs - HOUR_MS), new Date(nowMs - DAY_MS)]
    return await readPlace(db, { projectId, live: live === 'true', country, prefix, hourAgo, dayAgo })
  })

  /** How often this recipient, device, address and network asked: the rules of plain counts. */
  const countRules = async (
    attempt: OtpAttempt,
    rules: OtpRules,
    trusted: boolean,
  ): Promise<[Fired[], number]> => {
    const { projectId, live, recipientKey, deviceId, clientAddress } = attempt
    const recipient = `${recipientKey}/${deviceId}`
    const asked: [RuleName, string][] = [
      ['recipient', recipient],
      ['recipientMost', recipient],
    ]
    if (!trusted) {
      asked.push(['address', addressKey(clientAddress)], ['network', networkKey(clientAddress)])
      if (deviceId !== '') asked.push(['device', deviceId])
    }
    const takes = asked
      .filter(([name]) => rules[name].mode !== 'off')
      .map(([name, key]): Take & { rule: RuleName } => ({
        rule: name,
        limit: hourly(`otp_${name}`, rules[name]),
        key: [projectId, live ? 1 : 0, key],
      }))
    if (takes.length === 0) return [[], 0]
    const decision = await limits.take(takes)
    let retryAfterMs = 0
    const fired = decision.verdicts.flatMap((verdict, index): Fired[] => {
      if (verdict.allowed) return []
      const rule = takes[index]?.rule ?? 'recipient'
      const { mode, action } = rules[rule]
      if (mode === 'enforce' && action === 'deny') retryAfterMs = Math.max(retryAfterMs, verdict.retryAfterMs)
      return [fire(rule, rules[rule], rules[rule].threshold)]
    })
    return [fired, retryAfterMs]
  }

  /** Who is seen with whom: countries of one address, numbers of one block. */
  const patternRules = async (attempt: OtpAttempt, rules: OtpRules): Promise<Fired[]> => {
    const { projectId, live, e164, country, clientAddress, recipientKey } = attempt
    if (e164 === undefined) return []
    const asked: [RuleName, string, string][] = [
      ['countriesPerAddress', addressKey(clientAddress), country ?? ''],
      ['adjacentNumbers', e164.slice(0, -2), recipientKey],
    ]
    const answers = await Promise.all(
      asked
        .filter(([name]) => rules[name].mode !== 'off')
        .map(async ([name, key, member]) => {
          const value = await members.submit({ projectId, live, scope: name, key, member })
          return value > rules[name].threshold ? [fire(name, rules[name], value)] : []
        }),
    )
    return answers.flat()
  }

  /** Whether codes to this place are mostly never used. */
  const ratioRules = async (place: Place, rules: OtpRules): Promise<Fired[]> => {
    const on = rules.unverifiedCountry.mode !== 'off' || rules.unverifiedPrefix.mode !== 'off'
    if (!on || place.country === '') return []
    const counts = await placeCounts(`${place.projectId}/${place.live}/${place.country}/${place.prefix}`)
    const places: [RuleName, number, number][] = [
      ['unverifiedCountry', counts.country_sent - counts.country_verified, counts.country_verified_day],
      ['unverifiedPrefix', counts.prefix_sent - counts.prefix_verified, counts.prefix_verified_day],
    ]
    return places.flatMap(([name, unverified, verifiedInADay]) => {
      const threshold = unverifiedThreshold(rules[name].threshold, verifiedInADay)
      if (rules[name].mode === 'off' || unverified <= threshold) return []
      return [{ ...fire(name, rules[name], unverified), threshold }]
    })
  }

  /** Takes the price from the budgets of the hour and the day, or from neither. */
  const spend = async (attempt: OtpAttempt, rules: OtpRules): Promise<[Fired[], number]> => {
    const { projectId, live, kind, country = '', priceMicros } = attempt
    if (priceMicros === 0) return [[], 0]
    const periods: [RuleName, number][] = [
      ['spendPerHour', HOUR_MS],
      ['spendPerDay', DAY_MS],
    ]
    const takes = periods
      .filter(([name]) => rules[name].mode !== 'off')
      .map(([name, periodMs]): Take & { rule: RuleName } => ({
        rule: name,
        limit: {
          ...{
            name: `otp_${name}`,
            algorithm: 'window',
            count: Math.max(1, rules[name].threshold),
            periodMs,
          },
          ...{ mode: rules[name].mode === 'enforce' ? 'enforce' : 'shadow', onFailure: 'closed' },
        },
        key: [projectId, live ? 1 : 0, kind, country],
        cost: priceMicros,
      }))
    if (takes.length === 0) return [[], 0]
    const decision = await budgets.take(takes)
    const retryAfterMs = decision.decidedBy?.retryAfterMs ?? 0
    const fired = decision.verdicts.flatMap((verdict, index): Fired[] => {
      const rule = takes[index]?.rule ?? 'spendPerHour'
      return verdict.allowed ? [] : [fire(rule, rules[rule], rules[rule].threshold - verdict.remaining)]
    })
    return [fired, retryAfterMs]
  }

  /** Whether what the caller sends along is a good proof that nobody has used. */
  const isProved = async (attempt: OtpAttempt): Promise<boolean> => {
    const { projectId, live, proof } = attempt
    if (proof === '') return false
    const used = await proofs.verify(proof, proofFor(attempt))
    if (used === undefined) return false
    return await useOnce(
      db,
      { projectId, live, scope: 'proof', key: used },
      new Date(clock.nowMs() + HOUR_MS),
    )
  }

  const placeOf = ({ projectId, live, country = '', e164 = '' }: OtpAttempt): Place => ({
    ...{ projectId, live, country },
    prefix: e164 === '' ? '' : e164.slice(0, PREFIX_DIGITS + 1),
  })

  const settle = (
    attempt: OtpAttempt,
    place: Place,
    fired: readonly Fired[],
    verdict: Assessment['verdict'],
    retryAfterMs: number,
  ): Assessment => {
    if (fired.length > 0) {
      counting.note({
        ...{ project_id: place.projectId, decision_id: newId(clock), live: place.live, kind: attempt.kind },
        ...{ channel: attempt.channel, country: place.country, prefix: place.prefix },
        ...{ network: networkKey(attempt.clientAddress), verdict, fired },
      })
    }
    if (verdict === 'allow') counting.count(place, 'sent', attempt.priceMicros)
    else counting.count(place, verdict === 'deny' ? 'denied' : 'challenged')
    const finite = retryAfterMs > 0 && Number.isFinite(retryAfterMs)
    return {
      ...{ verdict, fired },
      retryAfterMs: verdict === 'deny' && finite ? retryAfterMs : undefined,
      task:
        verdict === 'challenge'
          ? proofs.ask(proofFor(attempt), enforced(fired, 'challenge').length)
          : undefined,
    }
  }

  return {
    /**
     * Whether to send. Rules are asked from the cheapest to the dearest; money is taken last, and only for what will be sent.
     * Throws `limits.unavailable` while the budgets cannot be asked.
     */
    async assess(attempt: OtpAttempt): Promise<Assessment> {
      const rules = await rulesOf(attempt.projectId)
      const place = placeOf(attempt)
      const listed = readLists(rules, { e164: attempt.e164, country: attempt.country })
      if (listed === 'refused') {
        const fired: Fired = { rule: 'lists', mode: 'enforce', action: 'deny', value: 1, threshold: 0 }
        return settle(attempt, place, [fired], 'deny', 0)
      }
      const trusted = listed === 'trusted'
      const [counted, retryAfterMs] = await countRules(attempt, rules, trusted)
      const more = trusted
        ? []
        : (await Promise.all([patternRules(attempt, rules), ratioRules(place, rules)])).flat()
      const fired = [...counted, ...more]
      if (enforced(fired, 'deny').length > 0) return settle(attempt, place, fired, 'deny', retryAfterMs)
      if (enforced(fired, 'challenge').length > 0 && !(await isProved(attempt))) {
        return settle(attempt, place, fired, 'challenge', 0)
      }
      const [broke, waitMs] = await spend(attempt, rules)
      const all = [...fired, ...broke]
      return settle(attempt, place, all, enforced(broke, 'deny').length > 0 ? 'deny' : 'allow', waitMs)
    },

    /** A code was right: what feeds the ratios. */
    verified(attempt: Pick<OtpAttempt, 'projectId' | 'live' | 'country' | 'e164'>): void {
      const { projectId, live, country = '', e164 = '' } = attempt
      counting.count(
        { projectId, live, country, prefix: e164 === '' ? '' : e164.slice(0, PREFIX_DIGITS + 1) },
        'verified',
      )
    },

    rulesOf: async (projectId: string): Promise<OtpRules> => ({
      ...DEFAULT_RULES,
      ...(await findRules(db, projectId)),
    }),

    /** Writes what was counted now instead of within a second. */
    flush: counting.flush,

    async maintain(): Promise<void> {
      const nowMs = clock.nowMs()
      await budgets.sweep()
      await deleteOldOtp(db, {
        members: new Date(nowMs),
        counts: new Date(nowMs - KEEP_COUNTS_MS),
        decisionId: minIdAt(nowMs - KEEP_DECISIONS_MS),
      })
    },
  }
}

export type OtpGuard = ReturnType<typeof createOtpGuard>

function hourly(name: string, { threshold, mode, action }: Rule): Limit {
  // A challenge does not take the call back: what it let pass by a proof is counted as well, so it is no refusal here.
  const refuses = mode === 'enforce' && action === 'deny'
  return {
    ...{ name, algorithm: 'gcra', count: Math.max(1, threshold), periodMs: HOUR_MS },
    ...{ mode: refuses ? 'enforce' : 'shadow', onFailure: 'local' },
  }
}

function fire(rule: RuleName, { mode, action, threshold }: Rule, value: number): Fired {
  return { rule, mode: mode === 'enforce' ? 'enforce' : 'record', action, value, threshold }
}

function enforced(fired: readonly Fired[], action: RuleAction): Fired[] {
  return fired.filter((one) => one.mode === 'enforce' && one.action === action)
}

function proofFor({ projectId, recipientKey, clientAddress }: OtpAttempt) {
  return { projectId, recipientKey, addressKey: addressKey(clientAddress) }
}

/** Remembers what was read for a moment; who asks at the same time shares one reading. */
function createView<V>(clock: Clock, read: (name: string) => Promise<V>): (name: string) => Promise<V> {
  const known = new LRUCache<string, { value: Promise<V>; readMs: number }>({ max: 5000 })
  return (name) => {
    const found = known.get(name)
    if (found !== undefined && clock.nowMs() - found.readMs < VIEW_TTL_MS) return found.value
    const value = read(name)
    known.set(name, { value, readMs: clock.nowMs() })
    value.catch(() => known.delete(name))
    return value
  }
}
