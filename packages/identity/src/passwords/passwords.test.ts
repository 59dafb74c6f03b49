import assert from 'node:assert/strict'
import { pbkdf2Sync, scryptSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { createLogger } from '@mainstay/kernel'
import { Identity } from '@mainstay/proto/identity/v1'
import { Accounts } from '@mainstay/proto/identity/v1/accounts'
import { Passwords } from '@mainstay/proto/identity/v1/passwords'
import fc from 'fast-check'
import { refusedWith, useIdentity } from '../testing/harness.ts'
import { hashPassword, isKnownHash, verifyPassword } from './hash.ts'
import { createPwnedPasswords, requireGoodPassword } from './policy.ts'
import { createPool } from './pool.ts'

const house = useIdentity()
const { signInWithPassword, setMyPassword } = Passwords.method
const PASSWORD = 'correct horse battery'
const SUFFIX = '32C6932E346C76D089EF73EF4FCAE25E0EA'

let numbers = 0
const newPhone = (): string => `+4915${String(400_000_000 + numbers++ * 1009)}`

/** Somebody who has signed in by a code, and set a password. */
async function member(password = PASSWORD) {
  const { clientId } = await house.makeClient()
  const phone = newPhone()
  const signedIn = await house.signIn(clientId, { phone })
  await house.call(setMyPassword, { password }, { token: signedIn.accessToken })
  const enter = (given: string, deviceToken = '', identifier = phone) =>
    house.call(signInWithPassword, { clientId, identifier, password: given, device: { deviceToken } })
  return { clientId, phone, signedIn, enter }
}
const reasonOf = (error: unknown): string => (error as { reason?: string }).reason ?? String(error)

describe('a password', () => {
  test('signs in whoever set it, however it is typed', async () => {
    const { enter, signedIn } = await member('Grüße aus Köln')
    const answer = await enter('Grüße aus Köln'.normalize('NFD'))
    assert.equal(answer.account?.accountId, signedIn.account?.accountId)
    const { sessions } = await house.call(Identity.method.listMySessions, {}, { token: answer.accessToken })
    assert.deepEqual(sessions[0]?.methods, ['pwd'])
  })

  test('is changed by who knows it, and ends all other sessions', async () => {
    const { enter, signedIn } = await member()
    const elsewhere = await enter(PASSWORD)
    const change = (currentPassword: string) =>
      house.call(
        setMyPassword,
        { password: 'another long one', currentPassword },
        { token: signedIn.accessToken },
      )
    await assert.rejects(change('wrong'), refusedWith('identity.password_wrong'))
    await change(PASSWORD)
    house.advanceLease(1000)
    await assert.rejects(
      house.call(Identity.method.getMe, {}, { token: elsewhere.accessToken }),
      refusedWith('identity.session_ended'),
    )
    assert.ok(await house.call(Identity.method.getMe, {}, { token: signedIn.accessToken }))
    await assert.rejects(enter(PASSWORD), refusedWith('identity.password_wrong'))
    assert.ok((await enter('another long one')).accessToken)
  })

  test('is first set by who has just signed in, and not with a token that lay about', async () => {
    const { clientId } = await house.makeClient()
    const { accessToken, refreshToken } = await house.signIn(clientId, { phone: newPhone() })
    assert.ok(accessToken)
    house.clock.advance(601_000)
    const later = await house.call(Identity.method.refreshSession, { refreshToken })
    await assert.rejects(
      house.call(setMyPassword, { password: PASSWORD }, { token: later.accessToken }),
      refusedWith('identity.proof_too_old'),
    )
  })

  test('is refused when it would be guessed', async () => {
    const { clientId } = await house.makeClient()
    const { accessToken } = await house.signIn(clientId, { email: 'wilhelmina@example.com' })
    for (const password of ['short', 'password123', '12345678', 'aaaaaaaaaa', 'Wilhelmina1', 'QWERTZ123']) {
      await assert.rejects(
        house.call(setMyPassword, { password }, { token: accessToken }),
        refusedWith('identity.password_weak'),
        password,
      )
    }
  })

  test('of a banned account is told so only to who knows it', async () => {
    const { enter, signedIn } = await member()
    await house.call(Accounts.method.banAccount, { accountId: signedIn.account?.accountId ?? '', reason: '' })
    await assert.rejects(enter('wrong wrong'), refusedWith('identity.password_wrong'))
    await assert.rejects(enter(PASSWORD), refusedWith('identity.account_banned'))
  })

  test('brought along from elsewhere is replaced by a hash of ours at the first sign-in', async () => {
    const { enter, signedIn } = await member()
    const { accountId } = signedIn.account ?? {}
    const bcrypt = '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy' // bcrypt's own test vector: abc…xyz is not it
    assert.ok(isKnownHash(bcrypt))
    const key = pbkdf2Sync(PASSWORD, Buffer.from('saltsaltsalt'), 1000, 32, 'sha256')
    const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
    const brought = `$pbkdf2-sha256$i=1000$${unpadded(Buffer.from('saltsaltsalt'))}$${unpadded(key)}`
    const stored = async () =>
      (
        await house.db.query<{ hash: string }>({
          text: 'SELECT hash FROM identity.passwords ORDER BY account_id DESC LIMIT 1',
        })
      ).rows[0]?.hash
    await house.db.query({
      text: 'UPDATE identity.passwords SET hash = $1 WHERE account_id = (SELECT max(account_id::text)::uuid FROM identity.passwords)',
      values: [brought],
    })
    assert.equal((await enter(PASSWORD)).account?.accountId, accountId)
    assert.match((await stored()) ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    assert.ok((await enter(PASSWORD)).accessToken)
  })
})

describe('attacks on passwords', () => {
  test('50 parallel wrong passwords: twenty are looked at, and the right one helps a guesser no more', async () => {
    const { enter, signedIn } = await member()
    const tries = await Promise.allSettled(Array.from({ length: 50 }, () => enter('wrong wrong')))
    const reasons = tries.map((one) => (one.status === 'rejected' ? reasonOf(one.reason) : 'ok'))
    assert.equal(reasons.filter((reason) => reason === 'identity.password_wrong').length, 20)
    assert.equal(reasons.filter((reason) => reason === 'identity.password_guessed').length, 30)
    await assert.rejects(enter(PASSWORD), refusedWith('identity.password_guessed'))
    assert.ok(
      (await enter(PASSWORD, signedIn.deviceToken)).accessToken,
      'targeted lockout: the own device gets in',
    )
  })

  test('enumeration: no account, no password and a wrong password answer alike and hash alike', async () => {
    const { clientId, enter } = await member()
    const without = newPhone()
    await house.signIn(clientId, { phone: without })
    const answers = []
    for (const identifier of [undefined, without, newPhone(), 'nobody_at_all']) {
      const error = await enter('wrong wrong', '', identifier).catch((thrown: unknown) => thrown)
      answers.push([reasonOf(error), (error as Error).message])
    }
    assert.equal(new Set(answers.map((answer) => answer.join())).size, 1)
    assert.deepEqual(await verifyPassword('anything', undefined), { right: false, outdated: false })
  })

  test('a hash that would cost too much to verify is refused', () => {
    const salt = 'AAAAAAAAAAAAAAAAAAAAAA'
    const key = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    for (const bomb of [
      `$argon2id$v=19$m=4194304,t=2,p=1$${salt}$${key}`,
      `$argon2id$v=19$m=19456,t=1000,p=1$${salt}$${key}`,
      `$2b$31$${'a'.repeat(53)}`,
      `$scrypt$ln=30,r=8,p=1$${salt}$${key}`,
      `$scrypt$ln=14,r=8,p=16$${salt}$${key}`,
      `$pbkdf2-sha256$i=9999999$${salt}$${key}`,
      '$1$md5$crypt',
      '',
    ]) {
      assert.equal(isKnownHash(bomb), false, bomb)
    }
  })

  test('a flood is refused instead of queued without end', async () => {
    const run = createPool({ atOnce: 2, waiting: 3 })
    let running = 0
    let most = 0
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
    const work = async () => {
      most = Math.max(most, ++running)
      await mayEnd
      running--
    }
    const all = Promise.allSettled(Array.from({ length: 8 }, () => run(work)))
    await new Promise(setImmediate)
    end()
    const settled = await all
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 5)
    assert.deepEqual(
      settled.flatMap((one) => (one.status === 'rejected' ? [reasonOf(one.reason)] : [])),
      ['identity.passwords_busy', 'identity.passwords_busy', 'identity.passwords_busy'],
    )
    assert.equal(most, 2)
    await run(async () => undefined)
  })
})

describe('a hash', () => {
  test('is verified whatever made it', async () => {
    const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
    const salt = Buffer.from('0123456789abcdef')
    const ours = await hashPassword(PASSWORD)
    assert.deepEqual(await verifyPassword(PASSWORD, ours), { right: true, outdated: false })
    const { hash } = await import('@node-rs/bcrypt')
    const others = [
      `$scrypt$ln=12,r=8,p=1$${unpadded(salt)}$${unpadded(scryptSync(PASSWORD, salt, 32, { N: 4096, r: 8, p: 1 }))}`,
      `$pbkdf2-sha512$i=1000$${unpadded(salt)}$${unpadded(pbkdf2Sync(PASSWORD, salt, 1000, 64, 'sha512'))}`,
      await hash(PASSWORD, { cost: 4 }),
    ]
    for (const other of others) {
      assert.deepEqual(await verifyPassword(PASSWORD, other), { right: true, outdated: true }, other)
      assert.equal((await verifyPassword(`${PASSWORD}x`, other)).right, false)
    }
  })

  test('of any text is none or is verified, and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 60 }), async (text) => {
        assert.equal((await verifyPassword('x', isKnownHash(text) ? undefined : text)).right, false)
      }),
      { numRuns: 50 },
    )
  })
})

test('leaked passwords are asked for by five characters of a hash, and nobody is kept out when they cannot be', async () => {
  const asked: string[] = []
  let fails = false
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (fails) response.statusCode = 500
    // SHA-1 of "monkeys are funny" begins with what was asked; the rest is answered with a count, and padding with none.
    response.end(`${'0'.repeat(35)}:0\r\n${SUFFIX}:42\r\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const isBreached = createPwnedPasswords({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    logger: createLogger({ level: 'silent' }),
  })
  await assert.rejects(
    requireGoodPassword('monkeys are funny', [], isBreached),
    refusedWith('identity.password_weak'),
  )
  await requireGoodPassword('monkeys are wonderful', [], isBreached)
  assert.match(asked[0] ?? '', /^\/range\/[0-9A-F]{5}$/)
  fails = true
  await requireGoodPassword('monkeys are funny', [], isBreached)
  server.close()
})
