import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newId } from '@mainstay/kernel'
import { waitFor } from '@mainstay/kernel/testing'
import { useDirectory } from '../testing/directory.ts'
import { queueMessages } from '../testing/ledger.ts'
import { aMessage, patient } from '../testing/outgoing.ts'

describe('the directory', () => {
  const world = useDirectory()

  test('every project has a sandbox, made once however many ask at once', async () => {
    const projectId = newId()
    const other = world.aProcess()
    const asked = Array.from({ length: 20 }, (_, at) =>
      (at % 2 ? world.directory : other).candidates(projectId, false, 'email'),
    )
    const found = (await Promise.all(asked)).map(([candidate]) => candidate?.providerAccountId)
    assert.equal(new Set(found).size, 1)
    const [sandbox, ...more] = await world.list(projectId)
    assert.deepEqual(more, [])
    assert.equal(sandbox?.config.case, 'sandbox')
    assert.equal(sandbox?.test, true)
    assert.deepEqual(await world.directory.candidates(projectId, true, 'email'), [])
  })

  test('the sandbox delivers to the mailbox', async () => {
    const projectId = newId()
    const [sandbox] = await world.directory.candidates(projectId, false, 'email')
    assert.equal(sandbox?.semantics.sandbox, true)
    const client = await world.directory.clientFor(projectId, sandbox?.providerAccountId ?? '')
    assert.equal(
      (await client.send(aMessage('email', { from: sandbox?.sender ?? '' }), patient)).outcome,
      'accepted',
    )
    assert.deepEqual(await client.verify(), { ok: true, detail: 'The sandbox mailbox takes mail.' })
  })

  test('candidates are the enabled accounts of the mode, by priority', async () => {
    const projectId = newId()
    for (const [displayName, priority, enabled, isTest] of [
      ['third', 300, true, false],
      ['first', 10, true, false],
      ['off', 1, false, false],
      ['test', 1, true, true],
      ['second', 20, true, false],
    ] as const) {
      await world.add(projectId, world.smtpAccount({ displayName, priority, enabled, test: isTest }))
    }
    const names = async (live: boolean) =>
      (await world.directory.candidates(projectId, live, 'email')).map((candidate) => candidate.displayName)
    assert.deepEqual(await names(true), ['first', 'second', 'third'])
    assert.deepEqual(await names(false), ['test', 'Sandbox mailbox'])
  })

  test('a change is seen in this process at once, and in the others by itself', async () => {
    const projectId = newId()
    const other = world.aProcess()
    const account = await world.add(projectId, world.smtpAccount())
    const { providerAccountId } = account
    assert.equal((await other.candidates(projectId, true, 'email')).length, 1)
    await world.change(projectId, { providerAccountId, enabled: false }, ['enabled'])
    assert.deepEqual(await world.directory.candidates(projectId, true, 'email'), [])
    await waitFor(async () => (await other.candidates(projectId, true, 'email')).length === 0)
  })

  test('a changed account gets a new line, and the old one ends its sends', async () => {
    const projectId = newId()
    const account = await world.add(projectId, world.smtpAccount())
    const [candidate] = await world.directory.candidates(projectId, true, 'email')
    const id = candidate?.providerAccountId ?? ''
    const before = await world.directory.clientFor(projectId, id)
    assert.equal(await world.directory.clientFor(projectId, id), before)
    const under = before.send(aMessage('email'), patient)
    await world.change(projectId, { providerAccountId: account.providerAccountId, priority: 3 }, ['priority'])
    const changed = await world.directory.clientFor(projectId, id)
    assert.notEqual(changed, before)
    assert.equal((await under).outcome !== 'unknown', true)
    assert.equal((await changed.send(aMessage('email'), patient)).outcome, 'accepted')
  })

  test('a sandbox account is always test', async () => {
    const account = await world.add(newId(), { displayName: 'Box', config: { case: 'sandbox', value: {} } })
    assert.equal(account.test, true)
    assert.equal(account.sender, 'Mainstay sandbox <sandbox@mainstay.invalid>')
  })

  test('accounts are listed with how they fared in the last 24 hours', async () => {
    const projectId = newId()
    await world.add(projectId, world.smtpAccount())
    const [candidate] = await world.directory.candidates(projectId, true, 'email')
    const outcomes = [3, 3, 3, 4, 5, 6, 3]
    const ids = await queueMessages(
      world.db,
      outcomes.map(() => ({ projectId })),
    )
    const end = (at: number) => new Date(Date.now() - (at === 6 ? 25 * 3_600_000 : at * 1000))
    await world.db.query({
      text: `INSERT INTO notify.delivery_attempts (project_id, message_id, attempt, provider_account_id, start_time, end_time, outcome)
        SELECT $1, id, 1, $2, end_time, end_time, outcome FROM unnest($3::uuid[], $4::int2[], $5::timestamptz[]) AS a (id, outcome, end_time)`,
      values: [projectId, candidate?.providerAccountId, ids, outcomes, outcomes.map((_, at) => end(at))],
    })
    const [account] = await world.list(projectId)
    assert.deepEqual([account?.acceptedCount, account?.rejectedCount, account?.unknownCount], [3n, 2n, 1n])
  })

  test('the settings make a live account once, keep it up to date, and switch it off without them', async () => {
    const projectId = newId()
    const configured = (password: string) => ({
      smtpUrl: `smtp://ada:${password}@127.0.0.1:${world.peer.port}?security=none`,
      smtpFrom: 'Acme <hello@acme.example>',
    })
    const first = world.aProcess(configured('one'))
    await Promise.all(Array.from({ length: 10 }, () => first.ensureDefaults(projectId)))
    const accounts = await world.list(projectId)
    assert.deepEqual(
      accounts.map((account) => [account.displayName, account.test]),
      [
        ['Default SMTP', false],
        ['Sandbox mailbox', true],
      ],
    )
    await first.ensureDefaults(projectId)
    assert.equal((await world.list(projectId))[0]?.etag, accounts[0]?.etag)

    await world.aProcess(configured('two')).ensureDefaults(projectId)
    assert.notEqual((await world.list(projectId))[0]?.etag, accounts[0]?.etag)
    const providerAccountId = accounts[0]?.providerAccountId ?? ''
    const refusal = { reason: 'notify.provider_config_invalid' }
    await assert.rejects(
      world.change(projectId, { providerAccountId, sender: 'x@y.example' }, ['sender']),
      refusal,
    )
    await world.change(projectId, { providerAccountId, priority: 1 }, ['priority'])

    await world.directory.ensureDefaults(projectId)
    assert.equal(
      (await world.list(projectId)).find((one) => one.providerAccountId === providerAccountId)?.enabled,
      false,
    )
    assert.deepEqual(await world.directory.candidates(projectId, true, 'email'), [])
  })
})
