import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Access } from '@mainstay/proto/access/v1'
import { bearer, refusedWith, useAccess } from './testing/harness.ts'

const harness = useAccess()
const { createApiKey, createProject, getProject, listAuditEntries, listProjects } = Access.method

describe('projects', () => {
  test('are created once per slug, also in a race of fifty', async () => {
    const operator = await harness.signIn()
    const project = { slug: 'race', displayName: 'A race' }
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => harness.call(createProject, { project }, operator)),
    )
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
    for (const result of results) {
      if (result.status === 'rejected') refusedWith('access.project_slug_taken')(result.reason)
    }
    assert.equal(
      harness.published.filter(
        ({ name, payload }) => name === 'access.project_created' && slugOf(payload) === 'race',
      ).length,
      1,
    )
  })

  test('are read by id', async () => {
    const operator = await harness.signIn()
    const created = await harness.call(
      createProject,
      { project: { slug: 'read', displayName: 'Read' } },
      operator,
    )
    assert.deepEqual(await harness.call(getProject, { projectId: created.projectId }, operator), created)
    const unknown = harness.call(getProject, { projectId: `prj_${'0'.repeat(26)}` }, operator)
    await assert.rejects(unknown, refusedWith('access.project_not_found'))
  })

  test('are listed oldest first, page by page', async () => {
    const operator = await harness.signIn()
    for (const slug of ['one', 'two', 'three']) {
      await harness.call(createProject, { project: { slug, displayName: slug } }, operator)
    }
    const slugs: string[] = []
    let pageToken = ''
    do {
      const page = await harness.call(listProjects, { pageSize: 2, pageToken }, operator)
      slugs.push(...page.projects.map((project) => project.slug))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    assert.equal(slugs[0], 'default')
    assert.deepEqual(slugs.slice(-3), ['one', 'two', 'three'])
  })

  test('are no business of an API key', async () => {
    const list = harness.call(listProjects, {}, bearer(harness.devKey))
    await assert.rejects(list, refusedWith('access.api_key_not_allowed'))
  })
})

describe('the audit', () => {
  test('tells who changed what, by which request, newest first', async () => {
    const operator = { ...(await harness.signIn()), 'mainstay-project': 'default' }
    const { apiKey } = await harness.call(
      createApiKey,
      { apiKey: { displayName: 'audited', scopes: ['*'] } },
      bearer(harness.devKey),
    )
    const caller = await harness.authenticate(bearer(harness.devKey))
    const { auditEntries } = await harness.call(listAuditEntries, {}, operator)
    const [newest] = auditEntries
    assert.equal(newest?.action, 'access.api_keys.create')
    assert.equal(newest?.actor, caller.id)
    assert.equal(newest?.resource, apiKey?.apiKeyId)
    assert.equal(newest?.requestId, 'req_test')
    const ids = auditEntries.map((entry) => entry.auditEntryId)
    assert.deepEqual(ids, ids.toSorted().reverse())
  })

  test('shows an operator the sign-ins of the installation too, and an API key its own project only', async () => {
    const operator = { ...(await harness.signIn()), 'mainstay-project': 'default' }
    const actions = async (headers: Record<string, string>) =>
      new Set(
        (await harness.call(listAuditEntries, { pageSize: 500 }, headers)).auditEntries.map(
          ({ action }) => action,
        ),
      )
    assert.ok((await actions(operator)).has('access.sessions.create'))
    const seen = await actions(bearer(harness.devKey))
    assert.ok(seen.has('access.api_keys.create'))
    assert.ok(!seen.has('access.sessions.create'))
  })

  test('is read page by page over both, without gaps or doubles', async () => {
    const operator = { ...(await harness.signIn()), 'mainstay-project': 'default' }
    const whole = await harness.call(listAuditEntries, { pageSize: 500 }, operator)
    const ids: string[] = []
    let pageToken = ''
    do {
      const page = await harness.call(listAuditEntries, { pageSize: 3, pageToken }, operator)
      ids.push(...page.auditEntries.map((entry) => entry.auditEntryId))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    assert.deepEqual(
      ids,
      whole.auditEntries.map((entry) => entry.auditEntryId),
    )
  })

  test('has no entry for a change that did not happen', async () => {
    const operator = await harness.signIn()
    const project = { slug: 'default', displayName: 'Taken' }
    const count = async () => (await harness.db.query({ text: `SELECT FROM access.audit_entries` })).rowCount
    const before = await count()
    await assert.rejects(
      harness.call(createProject, { project }, operator),
      refusedWith('access.project_slug_taken'),
    )
    assert.equal(await count(), before)
  })
})

describe('the first start', () => {
  test('race: ten processes make one project and one operator', async () => {
    const processes = await Promise.all(Array.from({ length: 10 }, () => harness.open({ deaf: true })))
    const made = await Promise.all(processes.map(({ access }) => access.ensureBootstrap()))
    for (const bootstrap of made) assert.deepEqual(bootstrap, harness.bootstrap)
  })

  test('the development key is kept while it works, and replaced when it does not', async () => {
    const projectId = harness.bootstrap.project.project_id
    const kept = await harness.access.ensureDevKey(projectId, harness.devKey)
    assert.deepEqual(kept, { secret: harness.devKey, created: false })
    for (const broken of ['', 'nonsense', harness.devKey.slice(0, -1)]) {
      const { secret, created } = await harness.access.ensureDevKey(projectId, broken)
      assert.ok(created)
      assert.equal((await harness.authenticate(bearer(secret))).testMode, true)
    }
  })

  test('a development key that was revoked, or is another project’s or live, is replaced', async () => {
    const projectId = harness.bootstrap.project.project_id
    const operator = { ...(await harness.signIn()), 'mainstay-project': 'default' }
    const { secret } = await harness.access.ensureDevKey(projectId)
    const caller = await harness.authenticate(bearer(secret))
    await harness.call(Access.method.revokeApiKey, { apiKeyId: caller.id }, operator)
    assert.ok((await harness.access.ensureDevKey(projectId, secret)).created)
    const apiKey = { displayName: 'live', scopes: ['*'], mode: 2 }
    const live = await harness.call(createApiKey, { apiKey }, operator)
    assert.ok((await harness.access.ensureDevKey(projectId, live.secret)).created)
    await harness.call(createProject, { project: { slug: 'elsewhere', displayName: 'x' } }, operator)
    const elsewhere = { ...operator, 'mainstay-project': 'elsewhere' }
    const other = await harness.call(createApiKey, { apiKey: { ...apiKey, mode: 1 } }, elsewhere)
    assert.ok((await harness.access.ensureDevKey(projectId, other.secret)).created)
  })
})

function slugOf(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'slug' in payload ? payload.slug : undefined
}
