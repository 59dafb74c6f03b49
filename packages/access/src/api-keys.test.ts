import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { Access, type ApiKey, Mode } from '@mainstay/proto/access/v1'
import { bearer, refusedWith, useAccess } from './testing/harness.ts'

const harness = useAccess()
const { createApiKey, getCaller, listApiKeys, revokeApiKey } = Access.method

async function asOperator(project = 'default') {
  return { ...(await harness.signIn()), 'mainstay-project': project }
}

async function make(
  headers: Record<string, string>,
  more: Partial<Omit<ApiKey, '$typeName' | '$unknown'>> = {},
) {
  const apiKey = { displayName: 'a key', scopes: ['notify:send'], ...more }
  const answer = await harness.call(createApiKey, { apiKey }, headers)
  return { secret: answer.secret, id: answer.apiKey?.apiKeyId ?? '', key: answer.apiKey }
}

describe('creating an API key', () => {
  test('answers with the key and its secret, and the key is a test key unless it says live', async () => {
    const operator = await asOperator()
    const { key, secret } = await make(operator)
    assert.equal(key?.mode, Mode.TEST)
    assert.match(secret, /^msk_test_/)
    assert.equal(key?.keyPrefix, secret.slice(0, 21))
    assert.match((await make(operator, { mode: Mode.LIVE })).secret, /^msk_live_/)
  })

  test('with a scope that no method asks for is refused, naming each', async () => {
    const scopes = ['notify:send', 'notify:fly', 'moon:*']
    await assert.rejects(make(await asOperator(), { scopes }), (error: unknown) => {
      refusedWith('access.scope_unknown')(error)
      const { violations } = error as { violations: { field: string }[] }
      assert.deepEqual(
        violations.map(({ field }) => field),
        ['apiKey.scopes[1]', 'apiKey.scopes[2]'],
      )
      return true
    })
  })

  test('with an expiry in the past is refused', async () => {
    const expireTime = timestampFromDate(new Date(harness.clock.nowMs()))
    await assert.rejects(make(await asOperator(), { expireTime }), refusedWith('access.expire_time_past'))
  })

  test('by a key: never with more scopes than that key has', async () => {
    const operator = await asOperator()
    const { secret } = await make(operator, { scopes: ['access:write', 'notify:*'] })
    await make(bearer(secret), { scopes: ['notify:send', 'access:write'] })
    await make(bearer(secret), { scopes: ['notify:*'] })
    for (const scope of ['*', 'access:*', 'access:read', 'system:read']) {
      await assert.rejects(
        make(bearer(secret), { scopes: [scope] }),
        refusedWith('access.scope_not_held'),
        scope,
      )
    }
  })

  test('by an operator: never with scopes for what they may not do themselves', async () => {
    const operator = await asOperator()
    await harness.db.query({ text: `UPDATE access.operators SET permissions = '{access.*, notify.*}'` })
    try {
      await make(operator, { scopes: ['notify:*', 'access:write'] })
      await assert.rejects(make(operator, { scopes: ['*'] }), refusedWith('access.scope_not_held'))
      await assert.rejects(make(operator, { scopes: ['system:read'] }), refusedWith('access.scope_not_held'))
    } finally {
      await harness.db.query({ text: `UPDATE access.operators SET permissions = '{*}'` })
    }
  })

  test('a test key is no way to a live one, whatever its scopes', async () => {
    const operator = await asOperator()
    const { secret } = await make(operator, { scopes: ['*'] })
    await assert.rejects(make(bearer(secret), { mode: Mode.LIVE }), refusedWith('access.mode_not_allowed'))
    const live = await make(operator, { mode: Mode.LIVE })
    const revoke = harness.call(revokeApiKey, { apiKeyId: live.id }, bearer(secret))
    await assert.rejects(revoke, refusedWith('access.mode_not_allowed'))
  })

  test('tells others of the key and its revocation, without its secret', async () => {
    const operator = await asOperator()
    harness.published.length = 0
    const { id, secret } = await make(operator)
    await harness.call(revokeApiKey, { apiKeyId: id }, operator)
    await harness.call(revokeApiKey, { apiKeyId: id }, operator)
    assert.deepEqual(
      harness.published.map(({ name }) => name),
      ['access.api_key_created', 'access.api_key_revoked'],
    )
    assert.ok(!JSON.stringify(harness.published).includes(secret.slice(9)))
  })
})

describe('listing API keys', () => {
  test('gives them newest first, page by page, without their secrets', async () => {
    const operator = await asOperator(await newProject('paged'))
    const made: string[] = []
    for (let index = 0; index < 5; index++) made.push((await make(operator)).id)
    const seen: string[] = []
    let pageToken = ''
    do {
      const page = await harness.call(listApiKeys, { pageSize: 2, pageToken }, operator)
      assert.ok(page.apiKeys.length <= 2)
      seen.push(...page.apiKeys.map((key) => key.apiKeyId))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    assert.deepEqual(seen, made.toReversed())
  })

  test('leaves out revoked and expired ones unless they are asked for', async () => {
    const operator = await asOperator(await newProject('inactive'))
    const kept = await make(operator)
    const revoked = await make(operator)
    await harness.call(revokeApiKey, { apiKeyId: revoked.id }, operator)
    await make(operator, { expireTime: timestampFromDate(new Date(harness.clock.nowMs() + 1_000)) })
    harness.clock.advance(1_000)
    const active = await harness.call(listApiKeys, {}, operator)
    assert.deepEqual(
      active.apiKeys.map((key) => key.apiKeyId),
      [kept.id],
    )
    const all = await harness.call(listApiKeys, { showInactive: true }, operator)
    assert.equal(all.apiKeys.length, 3)
    assert.ok(all.apiKeys.find((key) => key.apiKeyId === revoked.id)?.revokeTime)
  })

  test('a page token of one filter or project is refused for another', async () => {
    const operator = await asOperator(await newProject('tokens'))
    for (let index = 0; index < 2; index++) await make(operator)
    const { nextPageToken: pageToken } = await harness.call(listApiKeys, { pageSize: 1 }, operator)
    for (const [request, headers] of [
      [{ pageToken, showInactive: true }, operator],
      [{ pageToken }, { ...operator, 'mainstay-project': 'default' }],
      [{ pageToken: `${pageToken}x` }, operator],
    ] as const) {
      await assert.rejects(
        harness.call(listApiKeys, request, headers),
        refusedWith('kernel.page_token_invalid'),
      )
    }
  })
})

describe('keys of another project', () => {
  test('are neither listed nor found nor revoked', async () => {
    const mine = await asOperator(await newProject('mine'))
    const theirs = await make(await asOperator(await newProject('theirs')))
    assert.deepEqual((await harness.call(listApiKeys, {}, mine)).apiKeys, [])
    const revoke = harness.call(revokeApiKey, { apiKeyId: theirs.id }, mine)
    await assert.rejects(revoke, refusedWith('access.api_key_not_found'))
    assert.equal((await harness.authenticate(bearer(theirs.secret))).kind, 'api_key')
  })

  test('an id that cannot be one is not found', async () => {
    const revoke = harness.call(revokeApiKey, { apiKeyId: `key_${'z'.repeat(26)}` }, await asOperator())
    await assert.rejects(revoke, refusedWith('access.api_key_not_found'))
  })
})

describe('who is calling', () => {
  test('an API key learns what it is and which project it speaks for, whatever its scopes', async () => {
    const { secret, id } = await make(await asOperator(), { scopes: ['notify:read'] })
    const answer = await harness.call(getCaller, {}, bearer(secret))
    assert.equal(answer.caller.case, 'apiKey')
    assert.equal(answer.caller.case === 'apiKey' && answer.caller.value.apiKeyId, id)
    assert.equal(answer.project?.slug, 'default')
  })

  test('an operator learns their name, and the project when they named one', async () => {
    const operator = await asOperator()
    const answer = await harness.call(getCaller, {}, operator)
    assert.equal(answer.caller.case, 'operator')
    assert.equal(answer.project?.slug, 'default')
    const { 'mainstay-project': _, ...nowhere } = operator
    assert.equal((await harness.call(getCaller, {}, nowhere)).project, undefined)
  })

  test('nobody is told to say who they are', async () => {
    await assert.rejects(harness.call(getCaller, {}), refusedWith('access.unauthenticated'))
  })
})

async function newProject(slug: string): Promise<string> {
  await harness.call(
    Access.method.createProject,
    { project: { slug, displayName: slug } },
    await harness.signIn(),
  )
  return slug
}
