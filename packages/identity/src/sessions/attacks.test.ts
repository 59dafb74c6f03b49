import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, test } from 'node:test'
import { toTypeId } from '@mainstay/kernel'
import { Access } from '@mainstay/proto/access/v1'
import { Identity } from '@mainstay/proto/identity/v1'
import { Accounts } from '@mainstay/proto/identity/v1/accounts'
import { refusedWith, useIdentity } from '../testing/harness.ts'

const house = useIdentity()
const { getMe, refreshSession, signOut } = Identity.method

let numbers = 0
const signIn = async (kind = 'customer') => {
  const { clientId } = await house.makeClient(kind)
  return await house.signIn(clientId, { phone: `+4917${String(100_000_000 + numbers++)}` })
}
const me = (token: string, process = house as Pick<typeof house, 'call'>) =>
  process.call(getMe, {}, { token })

type Json = Record<string, unknown>
const published = async () => {
  const jwks = await house.identity.jwks(house.projectId, false)
  assert.ok(jwks)
  return jwks
}
const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')
const decode = (part = ''): Json & { kid?: string; iss?: string } =>
  JSON.parse(Buffer.from(part, 'base64url').toString())

/** The token with other words, signed anew by whoever has `key`, or with the old signature. */
function forge(token: string, header: Json, claims: Json, key?: KeyObject): string {
  const [head, body, signature = ''] = token.split('.')
  const text = `${encode({ ...decode(head), ...header })}.${encode({ ...decode(body), ...claims })}`
  if (key === undefined) return `${text}.${signature}`
  const made = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  return `${text}.${made.toString('base64url')}`
}

describe('attacks on access tokens', () => {
  test('alg none', async () => {
    const { accessToken } = await signIn()
    const [, body] = accessToken.split('.')
    for (const alg of ['none', 'None', 'nOnE', '']) {
      const header = encode({ alg, typ: 'at+jwt', kid: decode(accessToken.split('.')[0]).kid })
      await assert.rejects(me(`${header}.${body}.`), refusedWith('identity.access_token_invalid'))
    }
  })

  test('HS256 with the public key', async () => {
    const { accessToken } = await signIn()
    const { keys } = await published()
    for (const secret of [JSON.stringify(keys[0]), String(keys[0]?.x), JSON.stringify({ keys })]) {
      const [head, body] = accessToken.split('.')
      const text = `${encode({ ...decode(head), alg: 'HS256' })}.${body}`
      const forged = `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
      await assert.rejects(me(forged), refusedWith('identity.access_token_invalid'))
    }
  })

  test('kid traversal and SQL; jku, jwk and x5u are ignored', async () => {
    const { accessToken } = await signIn()
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = publicKey.export({ format: 'jwk' })
    const { keys } = await published()
    const headers: Json[] = [
      { kid: '../../../../dev/null' },
      { kid: "x' OR '1'='1" },
      { kid: "'; DROP TABLE identity.signing_keys; --" },
      { kid: '' },
      { kid: ['a'] },
      { jwk },
      { jwk, kid: undefined },
      { jku: 'https://evil.example/jwks.json' },
      { x5u: 'https://evil.example/cert.pem' },
      { crit: ['exp'] },
      { kid: 'A'.repeat(43) },
    ]
    for (const header of headers) {
      const forged = forge(accessToken, header, {}, privateKey)
      await assert.rejects(me(forged), refusedWith('identity.access_token_invalid'), JSON.stringify(header))
    }
    assert.equal((await published()).keys.length, keys.length)
    assert.ok(await me(accessToken))
  })

  test('changed claims: account, kind, session, audience, expiry', async () => {
    const { accessToken } = await signIn()
    const other = await signIn('driver')
    const changes: Json[] = [
      { sub: other.account?.accountId },
      { kind: 'driver' },
      { sid: other.sessionId },
      { aud: 'something else' },
      { exp: 4_000_000_000 },
    ]
    for (const claims of changes) {
      await assert.rejects(me(forge(accessToken, {}, claims)), refusedWith('identity.access_token_invalid'))
    }
  })

  test('wrong issuer, and a test token as a live one', async () => {
    const { accessToken } = await signIn()
    const { iss } = decode(accessToken.split('.')[1])
    assert.equal(iss, `https://id.example/oauth/${toTypeId('prj', house.projectId)}/test`)
    const issuers = [
      String(iss).replace('/test', ''),
      'https://evil.example/oauth/x',
      `${iss}/`,
      'https://id.example',
      '',
      null,
      7,
    ]
    for (const issuer of issuers) {
      await assert.rejects(
        me(forge(accessToken, {}, { iss: issuer })),
        refusedWith('identity.access_token_invalid'),
      )
    }
  })

  test('an ID token, a refresh token and an API key as an access token', async () => {
    const { accessToken, refreshToken } = await signIn()
    for (const typ of ['JWT', 'id+jwt', undefined, 'application/json']) {
      await assert.rejects(me(forge(accessToken, { typ }, {})), refusedWith('identity.access_token_invalid'))
    }
    await assert.rejects(me(refreshToken), refusedWith('access.api_key_invalid'))
    await assert.rejects(me(house.testKey), refusedWith('access.account_required'))
  })

  test('oversized and deeply nested claims', async () => {
    const { accessToken } = await signIn()
    let deep: unknown = 1
    for (let depth = 0; depth < 500; depth++) deep = [deep]
    await assert.rejects(me(forge(accessToken, {}, { deep })), refusedWith('identity.access_token_invalid'))
    const big = { much: 'x'.repeat(100_000) }
    await assert.rejects(me(forge(accessToken, {}, big)), refusedWith('identity.access_token_invalid'))
    await assert.rejects(me(`eyJ${'.'.repeat(4000)}`), refusedWith('identity.access_token_invalid'))
    await assert.rejects(me('eyJhbGciOiJFUzI1NiJ9.eyJ.x'), refusedWith('identity.access_token_invalid'))
  })

  test('clock skew: a token ends when it says, not a second later', async () => {
    const { accessToken } = await signIn()
    house.clock.advance(599_000)
    assert.ok(await me(accessToken))
    house.clock.advance(2_000)
    await assert.rejects(me(accessToken), refusedWith('identity.access_token_expired'))
    const elsewhere = await house.open()
    await assert.rejects(me(accessToken, elsewhere), refusedWith('identity.access_token_expired'))
  })

  test('stale decision after revoke: another process refuses within a second, though it hears of nothing', async () => {
    const { accessToken, account } = await signIn()
    const deaf = await house.open({ deaf: true })
    assert.ok(await me(accessToken, deaf))
    await house.call(Accounts.method.endAccountSessions, { accountId: account?.accountId ?? '' })
    deaf.advanceLease(801)
    await assert.rejects(me(accessToken, deaf), refusedWith('identity.session_ended'))
  })

  test('stale decision after revoke: an end that commits late is not missed', async () => {
    const { accessToken, account } = await signIn()
    const deaf = await house.open({ deaf: true })
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>()
    const { promise: noted, resolve: note } = Promise.withResolvers<void>()
    const slow = house.db.transaction(async (tx) => {
      await tx.query({
        text: `INSERT INTO identity.session_ends (project_id, session_id, end_time)
               SELECT project_id, session_id, now() FROM identity.sessions WHERE account_id IN (
                 SELECT account_id FROM identity.accounts ORDER BY account_id DESC LIMIT 1)`,
      })
      note()
      await mayCommit
    })
    await noted
    // Later transactions commit and are read first.
    await signIn()
    deaf.advanceLease(801)
    assert.equal((await me(accessToken, deaf)).accountId, account?.accountId)
    commit()
    await slow
    deaf.advanceLease(801)
    await assert.rejects(me(accessToken, deaf), refusedWith('identity.session_ended'))
  })

  test('stale decision after revoke: however many end at once, none is let in again', async () => {
    const { accessToken, account } = await signIn()
    const deaf = await house.open({ deaf: true })
    await house.call(Accounts.method.endAccountSessions, { accountId: account?.accountId ?? '' })
    await house.db.query({
      text: `INSERT INTO identity.session_ends (project_id, session_id, end_time)
             SELECT $1, gen_random_uuid(), $2 FROM generate_series(1, 25000)`,
      values: [house.projectId, new Date(house.clock.nowMs() - 4_000_000)],
    })
    for (let round = 0; round < 3; round++) {
      deaf.advanceLease(801)
      await assert.rejects(me(accessToken, deaf), refusedWith('identity.session_ended'))
    }
  })

  test('a token opens what is for accounts, and nothing else', async () => {
    const { accessToken } = await signIn()
    await assert.rejects(
      house.call(Accounts.method.listAccounts, {}, { token: accessToken }),
      refusedWith('access.account_not_allowed'),
    )
    await assert.rejects(
      house.call(Access.method.createApiKey, {}, { token: accessToken }),
      refusedWith('access.account_not_allowed'),
    )
    await assert.rejects(
      house.call(
        getMe,
        {},
        {
          token: accessToken,
          headers: { 'mainstay-project': toTypeId('prj', `${'0'.repeat(8)}-0000-7000-8000-000000000000`) },
        },
      ),
      refusedWith('identity.access_token_invalid'),
    )
  })
})

describe('attacks on refresh tokens', () => {
  test('refresh reuse: a token used again after the grace ends the session for both', async () => {
    const stolen = await signIn()
    const next = await house.call(refreshSession, { refreshToken: stolen.refreshToken })
    house.clock.advance(30_001)
    await assert.rejects(
      house.call(refreshSession, { refreshToken: stolen.refreshToken }),
      refusedWith('identity.refresh_token_reused'),
    )
    await assert.rejects(
      house.call(refreshSession, { refreshToken: next.refreshToken }),
      refusedWith('identity.session_ended'),
    )
    house.advanceLease(1000)
    await assert.rejects(me(next.accessToken), refusedWith('identity.session_ended'))
  })

  test('refresh reuse: a token whose successor was used is reused, even within the grace', async () => {
    const first = await signIn()
    const second = await house.call(refreshSession, { refreshToken: first.refreshToken })
    await house.call(refreshSession, { refreshToken: second.refreshToken })
    await assert.rejects(
      house.call(refreshSession, { refreshToken: first.refreshToken }),
      refusedWith('identity.refresh_token_reused'),
    )
  })

  test('parallel refresh: 50 calls with one token get one successor', async () => {
    const first = await signIn()
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => house.call(refreshSession, { refreshToken: first.refreshToken })),
    )
    assert.equal(new Set(answers.map(({ refreshToken }) => refreshToken)).size, 1)
    const [{ refreshToken } = first] = answers
    assert.notEqual((await house.call(refreshSession, { refreshToken })).refreshToken, refreshToken)
  })

  test('a token that is made up, cut, or spelled otherwise is refused without a look into the database', async () => {
    const { refreshToken } = await signIn()
    const bytes = Buffer.from(refreshToken.slice(4), 'base64url')
    const nextGeneration = Buffer.from(bytes)
    nextGeneration.writeUInt32BE(2, 33)
    const strange = [
      `mrt_${nextGeneration.toString('base64url')}`,
      refreshToken.slice(0, -1),
      `${refreshToken} `,
      refreshToken.replace('mrt_', 'mrt-'),
      `mrt_${'A'.repeat(92)}`,
      'mrt_',
    ]
    for (const token of strange) {
      await assert.rejects(
        house.call(refreshSession, { refreshToken: token }),
        refusedWith('identity.refresh_token_invalid'),
        token,
      )
    }
  })

  test('a session ends by itself: unused for too long, and at its absolute end', async () => {
    const idle = await signIn()
    house.clock.advance(30 * 86_400_000)
    await assert.rejects(
      house.call(refreshSession, { refreshToken: idle.refreshToken }),
      refusedWith('identity.session_ended'),
    )
    let { refreshToken } = await signIn()
    for (let month = 0; month < 14; month++) {
      house.clock.advance(27 * 86_400_000)
      const call = house.call(refreshSession, { refreshToken })
      if (month < 13) ({ refreshToken } = await call)
      else await assert.rejects(call, refusedWith('identity.session_ended'))
    }
  })

  test('signing out ends the refresh token with the session', async () => {
    const { accessToken, refreshToken } = await signIn()
    await house.call(signOut, {}, { token: accessToken })
    await assert.rejects(house.call(refreshSession, { refreshToken }), refusedWith('identity.session_ended'))
  })
})

describe('signing keys', () => {
  test('are rotated with an overlap: the next is published before it signs, the last until its tokens have ended', async () => {
    const before = await signIn()
    const keyOf = (token: string) => decode(token.split('.')[0]).kid
    const keyIds = async () => (await published()).keys.map(({ kid }) => kid)
    house.clock.advance(30 * 86_400_000)
    await house.identity.maintain()
    assert.equal((await keyIds()).length, 2)
    const during = await signIn()
    assert.equal(keyOf(during.accessToken), keyOf(before.accessToken), 'the new key does not sign yet')
    house.clock.advance(3_600_001)
    const after = await signIn()
    assert.notEqual(keyOf(after.accessToken), keyOf(before.accessToken))
    assert.ok((await keyIds()).includes(String(keyOf(before.accessToken))))
    assert.ok(await me(after.accessToken, await house.open()))
    house.clock.advance(7_200_001)
    await house.identity.maintain()
    house.clock.advance(300_001)
    assert.deepEqual(await keyIds(), [keyOf(after.accessToken)])
  })

  test('are not made for a project that is not there', async () => {
    assert.equal(await house.identity.jwks('00000000-0000-7000-8000-000000000000', true), undefined)
  })

  test('are not readable in the database', async () => {
    await signIn()
    const { rows } = await house.db.query<{ public_jwk: Json; private_jwk: Buffer }>({
      text: 'SELECT public_jwk, private_jwk FROM identity.signing_keys',
    })
    assert.ok(rows.length > 0)
    for (const { public_jwk, private_jwk } of rows) {
      assert.ok(!('d' in public_jwk))
      assert.ok(!private_jwk.toString('latin1').includes('"d"'))
    }
  })
})
