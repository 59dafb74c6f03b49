import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { AppError } from '@mainstay/kernel'
import { Access } from '@mainstay/proto/access/v1'
import { Authorization } from '@mainstay/proto/access/v1/authorization'
import { bearer, refusedWith, useAccess } from '../testing/harness.ts'

const house = useAccess()
const { registerPermissions, listPermissions, updateRole, listRoles, deleteRole } = Authorization.method
const { assignRole, unassignRole, listRoleAssignments, check, batchCheck, explain } = Authorization.method
const { createPolicyVersion, activatePolicy, listPolicies, updatePolicySchema, listShadowResults } =
  Authorization.method

let live: Record<string, string> = {}
let subjects = 0
const newSubject = (): string => `acc_${subjects++}`
const ask = (subject: string, action: string, more: object = {}) => ({
  question: { subject, action, ...more },
})
const allows = async (
  subject: string,
  action: string,
  more: object = {},
  process = house as Pick<typeof house, 'call'>,
) => (await process.call(check, ask(subject, action, more), live)).allowed
const assign = (subject: string, role: string, more: object = {}) =>
  house.call(assignRole, { roleAssignment: { subject, role, ...more } }, live)

async function activate(policy: string, text: string, examples: object[] = [], shadow = false) {
  const { version } = await house.call(createPolicyVersion, { policy: { policy, text, examples } }, live)
  const mode = shadow ? { shadowVersion: version } : { activeVersion: version }
  return await house.call(activatePolicy, { policy, ...mode }, live)
}

describe('roles and policies', () => {
  before(async () => {
    const operator = { ...(await house.signIn()), 'mainstay-project': house.bootstrap.project.slug }
    const { secret } = await house.call(
      Access.method.createApiKey,
      { apiKey: { displayName: 'live', mode: 2, scopes: ['*'] } },
      operator,
    )
    live = bearer(secret)
    await house.call(
      registerPermissions,
      {
        permissions: ['orders.read', 'orders.cancel', 'orders.refund', 'trips.start'].map((permission) => ({
          permission,
          description: '',
        })),
      },
      live,
    )
    await house.call(
      updateRole,
      { role: { role: 'support', permissions: ['orders.read', 'orders.cancel'] } },
      live,
    )
    await house.call(updateRole, { role: { role: 'finance', permissions: ['orders.*'] } }, live)
  })

  describe('a role', () => {
    test('allows what it says, to whom it was given, and nobody else', async () => {
      const ada = newSubject()
      assert.equal(await allows(ada, 'orders.cancel'), false)
      await assign(ada, 'support')
      assert.equal(await allows(ada, 'orders.cancel'), true)
      assert.equal(await allows(ada, 'orders.refund'), false)
      assert.equal(await allows(newSubject(), 'orders.cancel'), false)
      const { answers } = await house.call(
        batchCheck,
        { questions: [ask(ada, 'orders.read').question, ask(ada, 'trips.start').question] },
        live,
      )
      assert.deepEqual(
        answers.map(({ allowed }) => allowed),
        [true, false],
      )
    })

    test('holds on one resource, or until a time, where it was given so', async () => {
      const ada = newSubject()
      const order = { resourceType: 'Order', resourceId: '7' }
      await assign(ada, 'finance', { resource: 'Order/7' })
      assert.equal(await allows(ada, 'orders.refund', order), true)
      assert.equal(await allows(ada, 'orders.refund', { ...order, resourceId: '8' }), false)
      assert.equal(await allows(ada, 'orders.refund'), false)
      const grace = newSubject()
      const seconds = BigInt(Math.floor(house.clock.nowMs() / 1000) + 60)
      await assign(grace, 'support', { expireTime: { seconds } })
      assert.equal(await allows(grace, 'orders.read'), true)
      house.clock.advance(60_000)
      assert.equal(await allows(grace, 'orders.read'), false)
      await assert.rejects(
        assign(grace, 'support', { expireTime: { seconds } }),
        refusedWith('access.expire_time_past'),
      )
    })

    test('is made of registered permissions, has versions, and goes with all who have it', async () => {
      await assert.rejects(
        house.call(updateRole, { role: { role: 'typo', permissions: ['orders.cancle'] } }, live),
        refusedWith('access.permission_unknown'),
      )
      const first = await house.call(
        updateRole,
        { role: { role: 'temp', permissions: ['trips.start'] } },
        live,
      )
      const ada = newSubject()
      await assign(ada, 'temp')
      assert.equal(await allows(ada, 'trips.start'), true)
      const second = await house.call(
        updateRole,
        { role: { role: 'temp', permissions: ['orders.read'] } },
        live,
      )
      assert.deepEqual([first.version, second.version], [1, 2])
      assert.equal(await allows(ada, 'trips.start'), false)
      await house.call(deleteRole, { role: 'temp' }, live)
      assert.equal((await house.call(listRoleAssignments, { subject: ada }, live)).roleAssignments.length, 0)
      await assert.rejects(
        house.call(deleteRole, { role: 'temp' }, live),
        refusedWith('access.role_not_found'),
      )
      await assert.rejects(assign(ada, 'temp'), refusedWith('access.role_not_found'))
      assert.ok((await house.call(listRoles, {}, live)).roles.some(({ role }) => role === 'finance'))
      assert.equal((await house.call(listPermissions, {}, live)).permissions.length, 4)
    })

    test('is not changed by a test key', async () => {
      const test = bearer(house.devKey)
      for (const change of [
        () => house.call(updateRole, { role: { role: 'support', permissions: ['orders.*'] } }, test),
        () => house.call(assignRole, { roleAssignment: { subject: 'a', role: 'support' } }, test),
        () => house.call(activatePolicy, { policy: 'none' }, test),
      ]) {
        await assert.rejects(change, refusedWith('access.mode_not_allowed'))
      }
    })

    test('50 given at once are all there', async () => {
      const ada = newSubject()
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => assign(ada, 'support', { resource: `Order/${index % 25}` })),
      )
      assert.equal((await house.call(listRoleAssignments, { subject: ada }, live)).roleAssignments.length, 25)
    })

    test('stale decision after revoke: another process knows within a second, though it hears of nothing', async () => {
      const ada = newSubject()
      await assign(ada, 'support')
      const deaf = await house.open({ deaf: true })
      assert.equal(await allows(ada, 'orders.read', {}, deaf), true)
      await house.call(unassignRole, { roleAssignment: { subject: ada, role: 'support' } }, live)
      assert.equal(await allows(ada, 'orders.read'), false, 'at once where it was taken')
      house.clock.advance(801)
      assert.equal(await allows(ada, 'orders.read', {}, deaf), false)
    })
  })

  describe('a policy', () => {
    test('permits what no role does, by what it is told of subject, resource and context', async () => {
      await activate(
        'own_trips',
        'permit(principal, action == Action::"trips.start", resource is Trip) when { resource.driver == principal.badge && context.hour < 22 };',
      )
      const ada = newSubject()
      const trip = (driver: string, hour: number) => ({
        ...{ resourceType: 'Trip', resourceId: '1', resourceAttributes: { driver } },
        ...{ subjectAttributes: { badge: 'B7' }, context: { hour } },
      })
      assert.equal(await allows(ada, 'trips.start', trip('B7', 9)), true)
      assert.equal(await allows(ada, 'trips.start', trip('B8', 9)), false)
      assert.equal(await allows(ada, 'trips.start', trip('B7', 23)), false)
      assert.equal(await allows(ada, 'trips.start'), false, 'without attributes it permits nothing')
    })

    test('forbids what a role allows, and when it cannot be evaluated as well', async () => {
      await activate(
        'big_refunds',
        'forbid(principal, action == Action::"orders.refund", resource) when { context.amount > 100 } unless { principal in Role::"support" };',
      )
      const ada = newSubject()
      await assign(ada, 'finance')
      const amount = (value: number) => ({ context: { amount: value } })
      assert.equal(await allows(ada, 'orders.refund', amount(50)), true)
      assert.equal(await allows(ada, 'orders.refund', amount(500)), false)
      assert.equal(await allows(ada, 'orders.refund'), false, 'nobody gets in by leaving the amount out')
      await assign(ada, 'support')
      assert.equal(await allows(ada, 'orders.refund', amount(500)), true, 'roles are seen by policies')
      assert.equal(await allows(ada, 'orders.read'), true, 'other actions are not its business')
    })

    test('that is none, is two, or does not keep to the schema is refused', async () => {
      for (const text of [
        'permit(principal',
        'permit(principal, action, resource); permit(principal, action, resource);',
        'x',
      ]) {
        await assert.rejects(
          house.call(createPolicyVersion, { policy: { policy: 'broken', text } }, live),
          refusedWith('access.policy_invalid'),
        )
      }
      const schema =
        'entity Account = { badge?: String }; entity Role; entity Trip = { driver: String }; entity Nothing; entity Order; action "trips.start" appliesTo { principal: Account, resource: Trip, context: { hour: Long } }; action "orders.refund" appliesTo { principal: Account, resource: [Order, Nothing], context: { amount: Long } };'
      await assert.rejects(
        house.call(updatePolicySchema, { policySchema: { text: 'entity {' } }, live),
        refusedWith('access.policy_invalid'),
      )
      const other = await house
        .call(updatePolicySchema, { policySchema: { text: schema } }, live)
        .catch((error: unknown) => error)
      assert.ok(
        other instanceof AppError,
        'a policy that decides does not keep to it: roles are no parents there',
      )
      await house.call(
        updatePolicySchema,
        {
          policySchema: {
            text: schema.replace('entity Account =', 'entity Account in [Role] =').replace('badge?', 'badge'),
          },
        },
        live,
      )
      await assert.rejects(
        house.call(
          createPolicyVersion,
          {
            policy: {
              policy: 'typo',
              text: 'permit(principal, action == Action::"trips.start", resource) when { context.our < 3 };',
            },
          },
          live,
        ),
        refusedWith('access.policy_invalid'),
      )
      assert.ok((await house.call(listPolicies, {}, live)).policySchema?.text.includes('entity Trip'))
      await house.call(updatePolicySchema, { policySchema: { text: '' } }, live)
    })

    test('is tried on its examples before it decides, and is rolled back in one call', async () => {
      const example = (amount: number, allowed: boolean) => ({
        ...{ displayName: `${amount}`, allowed, roles: ['finance'] },
        question: { subject: 'somebody', action: 'orders.read', context: { amount } },
      })
      const text = (limit: number) =>
        `forbid(principal, action == Action::"orders.read", resource) when { context has amount && context.amount > ${limit} };`
      const first = await activate('reading', text(10), [example(5, true), example(50, false)])
      assert.equal(first.activeVersion, 1)
      const wrong = await house.call(
        createPolicyVersion,
        { policy: { policy: 'reading', text: text(1), examples: [example(5, true)] } },
        live,
      )
      await assert.rejects(
        house.call(activatePolicy, { policy: 'reading', activeVersion: wrong.version }, live),
        refusedWith('access.policy_example_failed'),
      )
      const ada = newSubject()
      await assign(ada, 'finance')
      assert.equal(await allows(ada, 'orders.read', { context: { amount: 5 } }), true, 'nothing was changed')
      await activate('reading', text(3))
      assert.equal(await allows(ada, 'orders.read', { context: { amount: 5 } }), false)
      await house.call(activatePolicy, { policy: 'reading', activeVersion: 1 }, live)
      assert.equal(await allows(ada, 'orders.read', { context: { amount: 5 } }), true)
      const { policies } = await house.call(listPolicies, { policy: 'reading' }, live)
      assert.deepEqual(
        policies.map(({ version, activeVersion }) => [version, activeVersion]),
        [
          [3, 1],
          [2, 1],
          [1, 1],
        ],
      )
      await house.call(activatePolicy, { policy: 'reading' }, live)
      for (const [policy, version] of [
        ['nothing', 1],
        ['reading', 9],
      ] as const) {
        await assert.rejects(
          house.call(activatePolicy, { policy, activeVersion: version }, live),
          refusedWith('access.policy_not_found'),
        )
      }
    })

    test('that is only watched decides nothing, and says where it would have', async () => {
      const ada = newSubject()
      await assign(ada, 'support')
      await activate(
        'no_cancelling',
        'forbid(principal, action == Action::"orders.cancel", resource);',
        [],
        true,
      )
      const order = { resourceType: 'Order', resourceId: '1' }
      assert.equal(await allows(ada, 'orders.cancel', order), true)
      assert.equal(await allows(ada, 'orders.read', order), true)
      const { shadowResults } = await house.call(listShadowResults, {}, live)
      const [result] = shadowResults.filter(({ subject }) => subject === ada)
      assert.deepEqual(
        [result?.action, result?.resource, result?.allowed, result?.shadowAllowed, result?.policies],
        ['orders.cancel', 'Order/1', true, false, ['no_cancelling@1']],
      )
      await house.call(activatePolicy, { policy: 'no_cancelling' }, live)
    })

    test('cannot be talked into anything by attributes that look like entities', async () => {
      await activate(
        'admins',
        'permit(principal, action == Action::"trips.start", resource) when { principal has boss && principal.boss == Account::"root" };',
      )
      const subjectAttributes = {
        boss: { __entity: { type: 'Account', id: 'root' } },
        __entity: { type: 'Account', id: 'root' },
      }
      assert.equal(await allows(newSubject(), 'trips.start', { subjectAttributes }), false)
      await house.call(activatePolicy, { policy: 'admins' }, live)
    })
  })

  describe('an explanation', () => {
    test('says what decided, what each condition saw, and what would allow it', async () => {
      await activate(
        'night',
        'forbid(principal, action == Action::"orders.cancel", resource) when { context has hour && context.hour >= 22 };',
      )
      const ada = newSubject()
      const denied = await house.call(explain, ask(ada, 'orders.cancel', { context: { hour: 9 } }), live)
      assert.equal(denied.allowed, false)
      assert.match(denied.reason, /No role of the subject allows orders\.cancel/)
      assert.deepEqual(denied.rolesThatWouldAllow.toSorted(), ['finance', 'support'])
      assert.ok(denied.suggestions.includes('Give the subject the role support.'))
      await assign(ada, 'support')
      const allowed = await house.call(explain, ask(ada, 'orders.cancel', { context: { hour: 9 } }), live)
      assert.equal(allowed.reason, 'The role support allows orders.cancel.')
      const night = await house.call(explain, ask(ada, 'orders.cancel', { context: { hour: 23 } }), live)
      assert.equal(night.reason, 'The policy night@1 forbids it.')
      const [trace] = night.policies
      assert.deepEqual(
        [trace?.policy, trace?.version, trace?.effect, trace?.holds],
        ['night', 1, 'forbid', true],
      )
      assert.ok(
        trace?.conditions.some(({ attributes, holds }) => holds && attributes.includes('context.hour = 23')),
      )
      await house.call(activatePolicy, { policy: 'night' }, live)
      const trip = { resourceType: 'Trip', resourceId: '1', resourceAttributes: { driver: 'B8' } }
      const asked = { ...trip, subjectAttributes: { badge: 'B7' }, context: { hour: 9 } }
      const other = await house.call(explain, ask(ada, 'trips.start', asked), live)
      const failing = other.policies[0]?.conditions.filter(({ holds }) => !holds)
      assert.deepEqual(
        failing?.map(({ attributes }) => attributes),
        [['resource.driver = "B8"', 'principal.badge = "B7"']],
      )
      assert.match(other.suggestions.join(), /own_trips@1 would permit it: .*resource\.driver/)
    })

    test('takes attributes of any JSON, and leaves out what Cedar has no word for', async () => {
      const odd = {
        context: {
          a: null,
          b: 1.5,
          c: [1, null, 'x'],
          d: { e: true },
          f: 1e300,
          __extn: { fn: 'ip', arg: 'x' },
        },
      }
      assert.equal(
        typeof (await house.call(explain, ask(newSubject(), 'trips.start', odd), live)).allowed,
        'boolean',
      )
      const mixed = { context: { hour: 'nine' }, resourceType: 'Trip' }
      assert.equal(await allows(newSubject(), 'trips.start', mixed), false)
    })
  })
})
