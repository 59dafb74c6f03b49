import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { crc32 } from 'node:zlib'
import { AppError, fromTypeId, toTypeId } from '@mainstay/kernel'
import { waitFor } from '@mainstay/kernel/testing'
import { Access, Mode } from '@mainstay/proto/access/v1'
import type { Caller } from '@mainstay/rpc'
import fc from 'fast-check'
import { reasons } from './errors.ts'
import { mintKey } from './key-text.ts'
import { bearer, type Process, refusedWith, useAccess } from './testing/harness.ts'

const harness = useAccess()
const { createApiKey, revokeApiKey } = Access.method

async function newKey(options: { mode?: Mode; scopes?: string[]; expireTime?: Date } = {}) {
  const { mode = Mode.TEST, scopes = ['notify:send'], expireTime } = options
  const operator = { ...(await harness.signIn()), 'mainstay-project': 'default' }
  const seconds = expireTime && BigInt(Math.floor(expireTime.getTime() / 1000))
  const apiKey = { displayName: 'a key', mode, scopes, ...(seconds && { expireTime: { seconds } }) }
  const answer = await harness.call(createApiKey, { apiKey }, operator)
  return { secret: answer.secret, id: answer.apiKey?.apiKeyId ?? '', operator }
}

/** The lease's clock stands still: a process that knows the key goes on knowing it until it is told otherwise. */
async function untilRevoked(process: Process, secret: string, what: string): Promise<void> {
  const refusal = await waitFor(
    async () => {
      try {
        await process.authenticate(bearer(secret))
      } catch (error) {
        return error
      }
    },
    { what },
  )
  refusedWith('access.api_key_revoked')(refusal)
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise
}

describe('an API key', () => {
  test('speaks for its project, with its scopes and its mode', async () => {
    const { secret, id } = await newKey({ scopes: ['notify:send', 'notify:read'] })
    const caller = await harness.authenticate(bearer(secret))
    assert.deepEqual(caller, {
      kind: 'api_key',
      id,
      projectId: harness.bootstrap.project.project_id,
      scopes: new Set(['notify:send', 'notify:read']),
      permissions: new Set(),
      display: 'a key',
      testMode: true,
    })
    const live = await newKey({ mode: Mode.LIVE })
    assert.equal((await harness.authenticate(bearer(live.secret))).testMode, false)
  })

  test('is answered at once, without a promise, when it is known', async () => {
    const { secret } = await newKey()
    const first = harness.authenticate(bearer(secret))
    assert.ok(isPromise(first))
    const caller = await first
    assert.equal(harness.authenticate(bearer(secret)), caller)
  })

  test('may name its own project, by id or slug, and no other', async () => {
    const { secret } = await newKey()
    const id = toTypeId('prj', harness.bootstrap.project.project_id)
    for (const named of ['default', id]) {
      const caller = await harness.authenticate({ ...bearer(secret), 'mainstay-project': named })
      assert.equal(caller.kind, 'api_key')
    }
    for (const named of ['other', '', toTypeId('prj', '018f0000-0000-7000-8000-000000000000')]) {
      const answer = async () => await harness.authenticate({ ...bearer(secret), 'mainstay-project': named })
      await assert.rejects(answer, refusedWith('access.project_mismatch'))
    }
  })

  test('nothing of its secret is in the database', async () => {
    const { secret } = await newKey()
    const { rows } = await harness.db.query<{ row: string }>({
      text: `SELECT k::text AS row FROM access.api_keys k`,
    })
    const secretPart = secret.slice(21, 64)
    assert.ok(rows.length > 0)
    for (const { row } of rows) assert.ok(!row.includes(secretPart))
  })

  test('no credential at all is nobody', async () => {
    assert.equal((await harness.authenticate({})).kind, 'anonymous')
  })

  test('a malformed one is refused without asking the database', () => {
    const { secret } = { secret: mintKey(false).text }
    const typo = secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0')
    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      'Bearer msk_test_x',
      `Bearer ${typo}`,
      `Basic ${secret}`,
      secret,
      `Bearer ${secret} ${secret}`,
    ]) {
      assert.throws(
        () => harness.authenticate({ authorization }),
        refusedWith('access.api_key_invalid'),
        authorization,
      )
    }
  })

  test('the scheme may be written in any case', async () => {
    assert.equal((await harness.authenticate({ authorization: `bearer ${harness.devKey}` })).kind, 'api_key')
  })

  test('an unknown one is refused, and the refusal is remembered', async () => {
    const { text } = mintKey(false)
    await assert.rejects(
      async () => await harness.authenticate(bearer(text)),
      refusedWith('access.api_key_invalid'),
    )
    const before = harness.db.stats().statements
    assert.throws(() => harness.authenticate(bearer(text)), refusedWith('access.api_key_invalid'))
    assert.equal(harness.db.stats().statements, before)
  })

  test('the right public part with a forged secret is refused as if it were unknown', async () => {
    const { secret } = await newKey()
    await harness.authenticate(bearer(secret))
    // A key with the same public part and a valid checksum, as an attacker who saw the prefix can make one.
    const body = secret.slice(0, 21) + mintKey(false).text.slice(21, 64)
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
    let rest = crc32(body)
    let sum = ''
    for (let index = 0; index < 6; index++) {
      sum = digits.charAt(rest % 62) + sum
      rest = Math.floor(rest / 62)
    }
    const forged = async () => await harness.authenticate(bearer(body + sum))
    await assert.rejects(forged, refusedWith('access.api_key_invalid'))
    assert.equal((await harness.authenticate(bearer(secret))).kind, 'api_key')
  })

  test('ends at its expiry, also while it is cached', async () => {
    const { secret } = await newKey({ expireTime: new Date(harness.clock.nowMs() + 10_000) })
    await harness.authenticate(bearer(secret))
    harness.clock.advance(9_000)
    assert.ok(harness.authenticate(bearer(secret)))
    harness.clock.advance(1_000)
    assert.throws(() => harness.authenticate(bearer(secret)), refusedWith('access.api_key_expired'))
    const other = await harness.open()
    await assert.rejects(
      async () => await other.authenticate(bearer(secret)),
      refusedWith('access.api_key_expired'),
    )
  })

  test('a flood of wrong keys shares few statements', async () => {
    const before = harness.db.stats().statements
    const refused = await Promise.allSettled(
      Array.from({ length: 2000 }, async () => await harness.authenticate(bearer(mintKey(true).text))),
    )
    assert.ok(refused.every((result) => result.status === 'rejected'))
    assert.ok(
      harness.db.stats().statements - before <= 5,
      `${harness.db.stats().statements - before} statements`,
    )
  })
})

test('whatever stands in the headers, the answer is a caller or a documented refusal', async () => {
  const { cookie = '' } = await harness.signIn()
  const wild = fc.option(fc.string({ unit: 'binary', maxLength: 120 }), { nil: undefined })
  const known = (values: string[]) => fc.oneof(wild, fc.constantFrom(undefined, ...values))
  const headers = fc.record({
    authorization: known([`Bearer ${harness.devKey}`, 'Bearer x', `Bearer ${mintKey(true).text}`]),
    cookie: known([cookie, `${cookie}; a=b`, 'mainstay_session=%00']),
    'mainstay-project': known(['default', 'no-such', '\u0000']),
    'mainstay-mode': known(['live', 'test']),
    'sec-fetch-site': known(['same-origin', 'cross-site']),
    origin: known(['null', 'https://example.com']),
  })
  await fc.assert(
    fc.asyncProperty(headers, async (generated) => {
      const sent = Object.entries(generated).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      )
      try {
        await harness.authenticate(Object.fromEntries(sent))
      } catch (error) {
        assert.ok(error instanceof AppError && error.reason in reasons, String(error))
      }
    }),
    { numRuns: 300 },
  )
})

describe('a revoked API key', () => {
  test('is refused at once in the process that revoked it, and in every other that hears of it', async () => {
    const { secret, id, operator } = await newKey()
    const other = await harness.open()
    await other.authenticate(bearer(secret))
    await harness.authenticate(bearer(secret))
    await harness.call(revokeApiKey, { apiKeyId: id }, operator)
    const here = async () => await harness.authenticate(bearer(secret))
    await assert.rejects(here, refusedWith('access.api_key_revoked'))
    await untilRevoked(other, secret, 'the notification')
  })

  test('is refused within a second by a process whose notifications are lost, whether or not the key is in use', async () => {
    for (const inUse of [true, false]) {
      const { secret, id, operator } = await newKey()
      const deaf = await harness.open({ deaf: true })
      await deaf.authenticate(bearer(secret))
      await harness.call(revokeApiKey, { apiKeyId: id }, operator)
      let servedMs = 0
      let refusal: unknown
      for (let ms = 0; ms < 1000 && refusal === undefined; ms += 50) {
        deaf.advanceLease(50)
        if (!inUse && ms < 900) continue
        try {
          await deaf.authenticate(bearer(secret))
          servedMs = ms
        } catch (error) {
          refusal = error
        }
      }
      assert.ok(servedMs < 1000)
      refusedWith('access.api_key_revoked')(refusal)
    }
  })

  test('a process that cannot reach the database refuses everybody once its lease has run out', async () => {
    const { secret } = await newKey()
    const pool = harness.openDb()
    const cut = await harness.open({ deaf: true, db: pool })
    await cut.authenticate(bearer(secret))
    await pool.close()
    assert.equal(((await cut.authenticate(bearer(secret))) as Caller).kind, 'api_key')
    cut.advanceLease(801)
    await assert.rejects(async () => await cut.authenticate(bearer(secret)))
  })

  test('a notification that was missed while disconnected is made up for on reconnecting', async () => {
    const { secret, id, operator } = await newKey()
    const other = await harness.open()
    await other.authenticate(bearer(secret))
    await harness.db.query({
      text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = 'mainstay-bus' AND datname = current_database()`,
    })
    await harness.call(revokeApiKey, { apiKeyId: id }, operator)
    await untilRevoked(other, secret, 'the reconnect')
  })

  test('race: fifty revocations at once are one, with one audit entry', async () => {
    const { id, operator } = await newKey()
    const revoked = await Promise.all(
      Array.from({ length: 50 }, () => harness.call(revokeApiKey, { apiKeyId: id }, operator)),
    )
    assert.equal(new Set(revoked.map((key) => String(key.revokeTime?.seconds))).size, 1)
    const { rows } = await harness.db.query({
      text: `SELECT FROM access.audit_entries WHERE action = 'access.api_keys.revoke' AND resource = $1`,
      values: [id],
    })
    assert.equal(rows.length, 1)
  })
})

describe('the last use of a key', () => {
  async function lastUse(id: string): Promise<number | undefined> {
    const { rows } = await harness.db.query<{ last_use_time: Date | null }>({
      text: `SELECT last_use_time FROM access.api_keys WHERE api_key_id = $1`,
      values: [fromTypeId('key', id)],
    })
    return rows[0]?.last_use_time?.getTime()
  }

  test('is written once a minute at most, however often it is used', async () => {
    const { secret, id } = await newKey()
    assert.equal(await lastUse(id), undefined)
    const firstUseMs = harness.clock.nowMs()
    for (let use = 0; use < 100; use++) await harness.authenticate(bearer(secret))
    await harness.access.flushUse()
    assert.equal(await lastUse(id), firstUseMs)

    harness.clock.advance(30_000)
    await harness.authenticate(bearer(secret))
    const before = harness.db.stats().statements
    await harness.access.flushUse()
    assert.equal(harness.db.stats().statements, before)

    harness.clock.advance(30_000)
    await harness.authenticate(bearer(secret))
    await harness.access.flushUse()
    assert.equal(await lastUse(id), firstUseMs + 60_000)
  })

  test('of many keys is written in one statement', async () => {
    const made = []
    for (let index = 0; index < 5; index++) made.push(await newKey())
    await harness.access.flushUse()
    for (const { secret } of made) await harness.authenticate(bearer(secret))
    const before = harness.db.stats().statements
    await harness.access.flushUse()
    assert.equal(harness.db.stats().statements, before + 1)
    for (const { id } of made) assert.equal(await lastUse(id), harness.clock.nowMs())
  })

  test('never goes back, whichever process writes last', async () => {
    const { secret, id } = await newKey()
    const other = await harness.open()
    await other.authenticate(bearer(secret))
    harness.clock.advance(1_000)
    await harness.authenticate(bearer(secret))
    await harness.access.flushUse()
    const latest = harness.clock.nowMs()
    await other.access.flushUse()
    assert.equal(await lastUse(id), latest)
  })
})
