import { randomBytes } from 'node:crypto'
import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import { accessMigrations, accessSettings, createAccess } from '@mainstay/access'
import {
  createBus,
  createLogger,
  createPageTokens,
  createSealer,
  loadSettings,
  newId,
  systemClock,
} from '@mainstay/kernel'
import { openTestDatabase } from '@mainstay/kernel/testing'
import { Access } from '@mainstay/proto/access/v1'
import { type Bench, type BenchReport, describeMachine, median, meetsTargets, round } from './report.ts'

/**
 * Decisions in process: by roles alone, and with 200 policies of which two are about the action; beside Cedar by itself with the
 * same 200 policies, as a program uses it that hands it all of them.
 */
export const bench: Bench = { name: 'access', run }

const POLICIES = 200
const BY = { actor: 'bench', requestId: '' }

async function run({ quick }: { quick: boolean }): Promise<BenchReport> {
  const rounds = quick ? 5 : 15
  const { decide, close, texts } = await prepare()
  const measured = new Map<string, { p50: number; p99: number }[]>()
  const contenders = {
    roles: { count: 20_000, decide: () => decide('roles.only') },
    policies: { count: 4000, decide: () => decide('orders.refund') },
    cedarAlone: { count: 50, decide: async () => cedarAlone(texts) },
  }
  try {
    for (let index = -1; index < rounds; index++) {
      for (const [name, contender] of Object.entries(contenders)) {
        const result = await measure(contender.count, contender.decide)
        if (index < 0) continue // warms up
        measured.set(name, [...(measured.get(name) ?? []), result])
        process.stdout.write(
          `round ${index + 1} ${name.padEnd(12)} p50 ${round(result.p50)} µs  p99 ${round(result.p99)} µs\n`,
        )
      }
    }
  } finally {
    await close()
  }
  const of = (name: string, which: 'p50' | 'p99') =>
    round(median((measured.get(name) ?? []).map((result) => result[which])))
  const figures = {
    ...{ rolesP50Micros: of('roles', 'p50'), rolesP99Micros: of('roles', 'p99') },
    ...{ policiesP50Micros: of('policies', 'p50'), policiesP99Micros: of('policies', 'p99') },
  }
  const peers = { cedarAloneP50Micros: of('cedarAlone', 'p50') }
  const ratios = { cedarAloneOverOurs: round(peers.cedarAloneP50Micros / figures.policiesP50Micros) }
  const targets = { cedarAloneOverOurs: 1 }
  const limits = { rolesP50Micros: 5, policiesP50Micros: 150 }
  const ok = meetsTargets({ figures, ratios, targets, limits })
  return { bench: bench.name, machine: describeMachine(), figures, peers, ratios, targets, limits, ok }
}

/** The time of each decision, in microseconds. */
async function measure(count: number, decide: () => Promise<unknown>): Promise<{ p50: number; p99: number }> {
  const times = new Float64Array(count)
  for (let index = 0; index < count; index++) {
    const startedAt = performance.now()
    await decide()
    times[index] = (performance.now() - startedAt) * 1000
  }
  times.sort()
  return { p50: times[Math.floor(count * 0.5)] ?? 0, p99: times[Math.floor(count * 0.99)] ?? 0 }
}

const SUBJECT = 'acc_bench'
const CONTEXT = { amount: 50, hour: 12 }

function policyText(index: number): string {
  const action = index < 2 ? 'orders.refund' : `things.verb_${index}`
  const effect = index % 2 === 0 ? 'permit' : 'forbid'
  const limit = effect === 'permit' ? `context.amount < ${100 + index}` : `context.amount > ${1000 + index}`
  return `${effect}(principal, action == Action::"${action}", resource is Order) when { ${limit} && resource.owner == principal.badge };`
}

async function prepare() {
  const database = await openTestDatabase({ sets: [accessMigrations] })
  const bus = createBus({ connection: database.connectionString })
  await bus.start()
  const sealer = createSealer(randomBytes(32))
  const access = createAccess({
    ...{ db: database.db, bus, clock: systemClock, logger: createLogger({ level: 'silent' }), sealer },
    settings: loadSettings([accessSettings], {}).access,
    pageTokens: createPageTokens(sealer.deriveKey('page tokens')),
    contracts: [Access],
    events: { publish: async () => undefined },
  })
  const { authorization } = access
  const projectId = newId()
  await authorization.registerPermissions(BY, projectId, [{ permission: 'roles.only', description: '' }])
  for (const role of ['one', 'two', 'three']) {
    await authorization.updateRole(BY, projectId, { role, display_name: role, permissions: ['roles.only'] })
  }
  const assignment = {
    subject: SUBJECT,
    role: 'two',
    resource: '',
    create_time: new Date(),
    expire_time: null,
  }
  await authorization.assign(BY, projectId, assignment)
  const texts: Record<string, string> = {}
  for (let index = 0; index < POLICIES; index++) {
    const policy = `p${index}`
    texts[policy] = policyText(index)
    await authorization.createPolicy(BY, projectId, { policy, text: policyText(index), examples: [] })
    await authorization.activate(BY, projectId, { policy, active: 1, shadow: 0 })
  }
  return {
    texts,
    decide: (action: string) =>
      authorization.check(projectId, {
        ...{ subject: SUBJECT, action, resourceType: 'Order', resourceId: '7' },
        ...{ subjectAttributes: { badge: 'B7' }, resourceAttributes: { owner: 'B7' }, context: CONTEXT },
      }),
    async close() {
      await access.stop()
      await bus.stop()
      await database.drop()
    },
  }
}

function cedarAlone(staticPolicies: Record<string, string>): void {
  const principal = { type: 'Account', id: SUBJECT }
  const resource = { type: 'Order', id: '7' }
  const answer = isAuthorized({
    ...{ principal, resource, action: { type: 'Action', id: 'orders.refund' }, context: CONTEXT },
    policies: { staticPolicies },
    entities: [
      { uid: principal, attrs: { badge: 'B7' }, parents: [] },
      { uid: resource, attrs: { owner: 'B7' }, parents: [] },
    ],
  })
  if (answer.type === 'failure' || answer.response.decision !== 'allow')
    throw new Error('Cedar decides otherwise')
}
