import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadSettings, systemClock } from '@mainstay/kernel'
import { Access } from '@mainstay/proto/access/v1'
import { accessSettings, createFirstOperatorLink } from './index.ts'
import { mintToken } from './secrets.ts'
import { bearer, contextOf, refusedWith, useAccess } from './testing/harness.ts'

const harness = useAccess({ env: { ACCESS_SESSION_IDLE_MS: '3600000', ACCESS_SESSION_MAX_MS: '7200000' } })
const HTTPS = { MAINSTAY_PUBLIC_URL: 'https://console.example.com' }
const { createSession, deleteSession, getCaller, listProjects } = Access.method

async function newLink() {
  return (await harness.access.createSignInLink(harness.bootstrap.operator.operator_id)).token
}

/** Exchanges a link as a browser does, and gives back the cookies that it was told to keep. */
async function exchange(token: string, headers: Record<string, string> = {}, access = harness.access) {
  const ctx = contextOf('mainstay.access.v1.Access/CreateSession', headers)
  const implementation = access.implementation.methods.find(({ method }) => method === createSession)
  const answer = await implementation?.handle(
    { $typeName: createSession.input.typeName, token } as never,
    ctx,
  )
  return {
    answer,
    cookies: ctx.answerHeaders.filter(([name]) => name === 'set-cookie').map(([, value]) => value),
  }
}

const signedOut = async (headers: Record<string, string>) =>
  await assert.rejects(async () => await harness.authenticate(headers), refusedWith('access.session_invalid'))

describe('a sign-in link', () => {
  test('is exchanged for a session that is in the cookie and nowhere in the answer', async () => {
    const { answer, cookies } = await exchange(await newLink())
    assert.equal(cookies.length, 1)
    const secret = /^mainstay_session=(mss_[\w-]{43}); Path=\/; HttpOnly; SameSite=Strict; Expires=/.exec(
      cookies[0] ?? '',
    )
    assert.ok(secret?.[1])
    const shown = JSON.stringify(answer, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
    assert.ok(!shown.includes(secret[1]))
    const caller = await harness.authenticate({
      cookie: secret[0].split(';')[0] ?? '',
      'sec-fetch-site': 'same-origin',
    })
    assert.equal(caller.kind, 'operator')
    assert.deepEqual(caller.permissions, new Set(['*']))
  })

  test('works once: a replayed one is refused, and the session it gave goes on', async () => {
    const link = await newLink()
    const first = await exchange(link)
    await assert.rejects(exchange(link), refusedWith('access.sign_in_link_invalid'))
    const cookie = first.cookies[0]?.split(';')[0] ?? ''
    assert.equal((await harness.authenticate({ cookie, 'sec-fetch-site': 'same-origin' })).kind, 'operator')
  })

  test('race: fifty exchanges at once make exactly one session', async () => {
    const link = await newLink()
    const count = async () =>
      (await harness.db.query<{ n: bigint }>({ text: `SELECT count(*) AS n FROM access.sessions` })).rows[0]
        ?.n ?? 0n
    const before = await count()
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => exchange(link)))
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
    for (const result of results) {
      if (result.status === 'rejected') refusedWith('access.sign_in_link_invalid')(result.reason)
    }
    assert.equal(await count(), before + 1n)
  })

  test('ends after fifteen minutes', async () => {
    const late = await newLink()
    const inTime = await newLink()
    harness.clock.advance(15 * 60_000 - 1)
    await exchange(inTime)
    harness.clock.advance(1)
    await assert.rejects(exchange(late), refusedWith('access.sign_in_link_invalid'))
  })

  test('used, expired, unknown and malformed ones are told apart by nothing', async () => {
    const used = await newLink()
    await exchange(used)
    const messages = new Set<string>()
    for (const token of [
      used,
      mintToken('msl').text,
      'x'.repeat(47),
      'x'.repeat(20),
      mintToken('mss').text,
    ]) {
      const error = await exchange(token).then(
        () => assert.fail(),
        (thrown: Error) => thrown,
      )
      refusedWith('access.sign_in_link_invalid')(error)
      messages.add(error.message)
    }
    assert.equal(messages.size, 1)
  })

  test('is not exchanged for another site, which could sign a browser in as somebody else', async () => {
    const link = await newLink()
    const { cookies } = await (async () => {
      await assert.rejects(
        exchange(link, { 'sec-fetch-site': 'cross-site' }),
        refusedWith('access.cross_site'),
      )
      await assert.rejects(
        exchange(link, { origin: 'https://evil.example', host: 'localhost:8080' }),
        refusedWith('access.cross_site'),
      )
      return await exchange(link, { 'sec-fetch-site': 'same-origin' })
    })()
    assert.equal(cookies.length, 1)
  })
})

describe('session fixation', () => {
  test('a session that a browser brings to the sign-in ends there, and the new one has a new secret', async () => {
    const planted = await exchange(await newLink())
    const cookie = planted.cookies[0]?.split(';')[0] ?? ''
    const signedIn = await exchange(await newLink(), { cookie })
    assert.notEqual(signedIn.cookies[0]?.split(';')[0], cookie)
    await signedOut({ cookie, 'sec-fetch-site': 'same-origin' })
  })

  test('a secret that we did not make is never adopted', async () => {
    const cookie = `mainstay_session=${mintToken('mss').text}`
    const signedIn = await exchange(await newLink(), { cookie })
    assert.notEqual(signedIn.cookies[0]?.split(';')[0], cookie)
    await signedOut({ cookie, 'sec-fetch-site': 'same-origin' })
  })

  test('a cookie planted beside the real one, in whichever order, signs nobody in', async () => {
    const { cookie = '' } = await harness.signIn()
    const other = (await harness.signIn()).cookie ?? ''
    for (const both of [`${cookie}; ${other}`, `${other}; ${cookie}`]) {
      await signedOut({ cookie: both, 'sec-fetch-site': 'same-origin' })
    }
  })

  test('over https the cookie is __Host- and Secure, and a plain one is not looked at', async () => {
    const secured = await harness.open({ env: HTTPS })
    const { cookies } = await exchange(
      await newLink(),
      { origin: 'https://console.example.com' },
      secured.access,
    )
    assert.match(
      cookies[0] ?? '',
      /^__Host-mainstay_session=mss_.*; Path=\/; HttpOnly; SameSite=Strict; Secure; /,
    )
    const { cookie = '', ...rest } = await harness.signIn()
    assert.equal((await secured.authenticate({ cookie, ...rest })).kind, 'anonymous')
  })

  test('a browser that came by https gets a Secure cookie even where nobody set the public URL', async () => {
    const headers = { origin: 'https://mainstay.internal', host: 'mainstay.internal' }
    const { cookies } = await exchange(await newLink(), headers)
    assert.match(cookies[0] ?? '', /^__Host-.*Secure/)
  })
})

describe('a session', () => {
  test('a forged cookie is refused', async () => {
    const { cookie = '' } = await harness.signIn()
    for (const forged of [
      `mainstay_session=${mintToken('mss').text}`,
      'mainstay_session=',
      'mainstay_session=mss_',
      `${cookie}x`,
      cookie.slice(0, -1),
      `mainstay_session=${'x'.repeat(5000)}`,
    ]) {
      await signedOut({ cookie: forged, 'sec-fetch-site': 'same-origin' })
    }
  })

  test('what the database stores of it signs nobody in', async () => {
    await harness.signIn()
    const { rows } = await harness.db.query<{ token_hash: Buffer }>({
      text: `SELECT token_hash FROM access.sessions`,
    })
    assert.ok(rows[0])
    for (const text of [rows[0].token_hash.toString('hex'), rows[0].token_hash.toString('base64url')]) {
      await signedOut({
        cookie: `mainstay_session=mss_${text.slice(0, 43)}`,
        'sec-fetch-site': 'same-origin',
      })
    }
  })

  test('timing: neither a session’s nor a link’s secret ever reaches a statement, only its hash', async () => {
    const seen: unknown[] = []
    const spied = harness.spyOn((query) => seen.push(...(query.values ?? [])))
    const process = await harness.open({ db: spied })
    const link = await newLink()
    const { cookies } = await exchange(link, {}, process.access)
    const cookie = cookies[0]?.split(';')[0] ?? ''
    await process.authenticate({ cookie, 'sec-fetch-site': 'same-origin' })
    await process.authenticate(bearer(harness.devKey))
    const secrets = [link, cookie.split('=')[1] ?? assert.fail(), harness.devKey]
    const texts = seen
      .flat()
      .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
    assert.ok(texts.length >= 5)
    for (const secret of secrets) {
      assert.ok(texts.every((text) => !text.includes(secret.slice(-20))))
    }
  })

  test('ends when it was idle for too long, and not while it is used', async () => {
    const headers = await harness.signIn()
    for (let use = 0; use < 2; use++) {
      harness.clock.advance(3_500_000)
      assert.equal((await harness.authenticate(headers)).kind, 'operator')
    }
    const idle = await harness.signIn()
    harness.clock.advance(3_600_000)
    await signedOut(idle)
  })

  test('is not kept from ending by a stream that is left open', async () => {
    const headers = await harness.signIn()
    const { reauthenticate } = harness.access.ports
    harness.clock.advance(3_500_000)
    const again = async () => await reauthenticate(contextOf('test/Method', headers))
    assert.equal((await again()).kind, 'operator')
    harness.clock.advance(100_000)
    await assert.rejects(again(), refusedWith('access.session_invalid'))
  })

  test('ends at its absolute end, however much it is used', async () => {
    const headers = await harness.signIn()
    for (let minutes = 0; minutes < 115; minutes += 5) {
      harness.clock.advance(300_000)
      await harness.authenticate(headers)
    }
    harness.clock.advance(300_000)
    await signedOut(headers)
  })

  test('ends at once when its operator signs out, here and in every other process', async () => {
    const headers = await harness.signIn()
    const other = await harness.open({ deaf: true })
    await other.authenticate(headers)
    await harness.call(deleteSession, {}, headers)
    await signedOut(headers)
    await assert.rejects(async () => await other.authenticate(headers), refusedWith('access.session_invalid'))
  })

  test('signing out clears the cookie', async () => {
    const headers = await harness.signIn()
    const caller = await harness.authenticate(headers)
    const ctx = contextOf('mainstay.access.v1.Access/DeleteSession', headers, { caller })
    const found = harness.access.implementation.methods.find(({ method }) => method === deleteSession)
    await found?.handle({ $typeName: deleteSession.input.typeName } as never, ctx)
    assert.equal(ctx.answerHeaders.length, 2)
    for (const [name, value] of ctx.answerHeaders)
      assert.match(`${name}: ${value}`, /^set-cookie: .*=;.*Max-Age=0$/)
  })
})

describe('a request with a session cookie', () => {
  test('a cross-site post is refused, whatever else it carries', async () => {
    const { cookie = '' } = await harness.signIn()
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: 'http://other.localhost:3000' },
      { origin: 'https://evil.example', host: 'localhost:8080' },
      { origin: 'null', host: 'localhost:8080' },
      { host: 'localhost:8080' },
    ]) {
      const call = harness.call(deleteSession, {}, { cookie, ...(headers as Record<string, string>) })
      await assert.rejects(call, refusedWith('access.cross_site'))
    }
    assert.equal((await harness.authenticate({ cookie, 'sec-fetch-site': 'same-origin' })).kind, 'operator')
  })

  test('without any header of a browser it may read', async () => {
    const { cookie = '' } = await harness.signIn()
    assert.ok((await harness.call(listProjects, {}, { cookie })).projects.length > 0)
  })

  test('an API key needs none of that: no browser sends one by itself', async () => {
    const headers = {
      ...bearer(harness.devKey),
      'sec-fetch-site': 'cross-site',
      origin: 'https://app.example',
    }
    assert.equal((await harness.call(getCaller, {}, headers)).caller.case, 'apiKey')
  })

  test('names its project by id or slug; one that does not exist is only a problem where it matters', async () => {
    const headers = await harness.signIn()
    const named = async (project: string) => {
      const caller = await harness.authenticate({ ...headers, 'mainstay-project': project })
      return caller.projectId
    }
    assert.equal(await named('default'), harness.bootstrap.project.project_id)
    assert.equal(await named('no-such'), undefined)
    assert.equal(await named('x'.repeat(1000)), undefined)
    await harness.call(listProjects, {}, { ...headers, 'mainstay-project': 'no-such' })
    const list = (more: Record<string, string>) =>
      harness.call(Access.method.listApiKeys, {}, { ...headers, ...more })
    await assert.rejects(list({ 'mainstay-project': 'no-such' }), refusedWith('access.project_not_found'))
    await assert.rejects(list({}), refusedWith('access.project_required'))
  })

  test('is a test unless it says live', async () => {
    const headers = await harness.signIn()
    assert.equal((await harness.authenticate(headers)).testMode, true)
    assert.equal((await harness.authenticate({ ...headers, 'mainstay-mode': 'live' })).testMode, false)
    assert.equal((await harness.authenticate({ ...headers, 'mainstay-mode': 'LIVE!' })).testMode, true)
  })
})

describe('a link for the first operator', () => {
  test('is made beside the server, works once, and is audited as made by the system', async () => {
    const { db } = harness
    const settings = loadSettings([accessSettings], {}).access
    const link = await createFirstOperatorLink({ db, clock: systemClock, settings })
    assert.ok(link)
    const { rows } = await db.query<{ actor: string }>({
      text: `SELECT actor FROM access.audit_entries WHERE action = 'access.sign_in_links.create'
             ORDER BY audit_entry_id DESC LIMIT 1`,
    })
    assert.deepEqual(rows, [{ actor: 'system' }])
    assert.equal((await exchange(link.token)).cookies.length, 1)
    await assert.rejects(exchange(link.token), refusedWith('access.sign_in_link_invalid'))
  })
})
