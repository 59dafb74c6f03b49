import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { createLogger, createSealer, newId } from '@mainstay/kernel'
import { createFakeClock, type OpenedDatabase, openTestDatabase } from '@mainstay/kernel/testing'
import {
  createCaptcha,
  createLimits,
  createMemoryEngine,
  createOtpGuard,
  createProofOfWork,
  DEFAULT_RULES,
  limitsMigrations,
  listDecisions,
  type OtpAttempt,
  type OtpGuard,
  type OtpRules,
  type Rule,
  readOverview,
  solveProofOfWork,
  upsertRules,
} from '../index.ts'
import { readLists } from './rules.ts'

const logger = createLogger({ level: 'silent' })
const clock = createFakeClock()
const sealer = createSealer(randomBytes(32))
const key = sealer.deriveKey('proofs')
const PRICE = 50_000

let database: OpenedDatabase
before(async () => {
  database = await openTestDatabase({ sets: [limitsMigrations] })
})
after(async () => {
  await database.drop()
})

/** Another process: what it counts by itself is its own. */
function open(): OtpGuard {
  const { db } = database
  const limits = createLimits({ engine: createMemoryEngine(), clock, logger })
  return createOtpGuard({ db, clock, logger, limits, proofs: createProofOfWork(key, clock) })
}

async function project(rules: Partial<OtpRules> = {}) {
  const projectId = newId()
  if (Object.keys(rules).length > 0) {
    await upsertRules(database.db, projectId, { ...DEFAULT_RULES, ...rules }, clock.now())
  }
  return { projectId, guard: open() }
}

const enforce = (name: keyof typeof DEFAULT_RULES, more: Partial<Rule> = {}): Partial<OtpRules> => ({
  [name]: { ...(DEFAULT_RULES[name] as Rule), mode: 'enforce', ...more },
})

let people = 0
const attempt = (projectId: string, more: Partial<OtpAttempt> = {}): OtpAttempt => {
  const e164 = more.e164 ?? `+4915${String(100_000_000 + people++ * 1009)}`
  return {
    ...{ projectId, live: true, kind: 'customer', channel: 'sms', country: 'DE', deviceId: '' },
    ...{
      clientAddress: `198.51.${Math.floor(people / 250) % 250}.${people % 250}`,
      priceMicros: PRICE,
      proof: '',
    },
    e164,
    recipientKey: hash('sha256', e164, 'base64url'),
    ...more,
  }
}

/** Sends until it is over, and says how often a code would have gone out and what was paid for. */
async function pump(
  guard: OtpGuard,
  attempts: Iterable<OtpAttempt>,
): Promise<{ sent: number; asked: number }> {
  let sent = 0
  let asked = 0
  for (const one of attempts) {
    asked++
    if ((await guard.assess(one)).verdict === 'allow') sent++
  }
  return { sent, asked }
}

describe('an honest person', () => {
  test('gets a code, and another, and is told to wait when it is too much', async () => {
    const { projectId, guard } = await project()
    const ada = attempt(projectId)
    for (let index = 0; index < 10; index++) assert.equal((await guard.assess(ada)).verdict, 'allow')
    const asked = await guard.assess(ada)
    assert.equal(asked.verdict, 'challenge')
    assert.equal(asked.fired[0]?.rule, 'recipient')
    while ((await guard.assess(ada)).verdict === 'challenge');
    const refused = await guard.assess(ada)
    assert.deepEqual([refused.verdict, refused.retryAfterMs], ['deny', 120_000])
    assert.equal(
      (await guard.assess({ ...ada, deviceId: 'known' })).verdict,
      'allow',
      'their own device counts for itself',
    )
    clock.advance(3_600_000)
    assert.equal((await guard.assess(ada)).verdict, 'allow')
  })

  test('in a country that is being pumped gets through with a proof', async () => {
    const { projectId, guard } = await project(enforce('unverifiedCountry'))
    await pump(
      guard,
      Array.from({ length: 25 }, () => attempt(projectId)),
    )
    await guard.flush()
    clock.advance(3000)
    const ada = attempt(projectId)
    const asked = await guard.assess(ada)
    assert.equal(asked.verdict, 'challenge')
    assert.ok(asked.task)
    const proof = solveProofOfWork(asked.task)
    assert.equal((await guard.assess({ ...ada, proof })).verdict, 'allow')
  })
})

describe('pumping', () => {
  test('by adjacent numbers is stopped after a handful', async () => {
    const { projectId, guard } = await project(enforce('adjacentNumbers', { action: 'deny' }))
    const block = Array.from({ length: 80 }, (_, index) =>
      attempt(projectId, { e164: `+2519112345${String(index).padStart(2, '0')}`, country: 'ET' }),
    )
    const { sent } = await pump(guard, block)
    assert.equal(sent, 5)
  })

  test('from one address is stopped, however the numbers change', async () => {
    const { projectId, guard } = await project()
    const { sent } = await pump(
      guard,
      Array.from({ length: 200 }, () => attempt(projectId, { clientAddress: '203.0.113.5' })),
    )
    assert.equal(sent, 60, 'then each costs a proof')
  })

  test('from rotating IPv6 addresses of one /64 is one address', async () => {
    const { projectId, guard } = await project()
    const { sent } = await pump(
      guard,
      Array.from({ length: 100 }, (_, index) =>
        attempt(projectId, { clientAddress: `2001:db8:5:1::${(index + 1).toString(16)}` }),
      ),
    )
    assert.equal(sent, 60)
  })

  test('from rotating addresses everywhere ends with the money of the hour', async () => {
    const { projectId, guard } = await project(enforce('spendPerHour', { threshold: 40 * PRICE }))
    const { sent, asked } = await pump(
      guard,
      Array.from({ length: 300 }, () => attempt(projectId)),
    )
    assert.deepEqual(
      { asked, spent: sent * PRICE },
      { asked: 300, spent: 40 * PRICE },
      'spent of 15,000,000 asked for',
    )
    const [decision] = await (async () => {
      await guard.flush()
      return await listDecisions(database.db, { projectId, live: true, beforeId: undefined, limit: 1 })
    })()
    assert.equal(decision?.verdict, 'deny')
    assert.deepEqual(decision?.fired, [
      { rule: 'spendPerHour', mode: 'enforce', action: 'deny', value: 40 * PRICE, threshold: 40 * PRICE },
    ])
  })

  test('slowly, under every count, is found by what is never verified', async () => {
    const { projectId, guard } = await project(enforce('unverifiedPrefix', { action: 'deny' }))
    let sent = 0
    for (let index = 0; index < 60; index++) {
      const e164 = `+24912${String(100_000 + index * 97)}`
      if ((await guard.assess(attempt(projectId, { e164, country: 'SD' }))).verdict === 'allow') sent++
      await guard.flush()
      clock.advance(30_000)
    }
    assert.ok(sent <= 22, `${sent} of 60 were sent`)
  })

  test('to many countries from one address is found', async () => {
    const { projectId, guard } = await project(enforce('countriesPerAddress', { action: 'deny' }))
    const countries = ['DE', 'FR', 'GB', 'SD', 'ET', 'LK', 'TN', 'UZ']
    const { sent } = await pump(
      guard,
      countries.map((country) => attempt(projectId, { country, clientAddress: '203.0.113.77' })),
    )
    assert.equal(sent, 3)
  })

  test('of one project is nothing to another, nor of test to live', async () => {
    const { projectId, guard } = await project(enforce('spendPerHour', { threshold: PRICE }))
    const other = await project(enforce('spendPerHour', { threshold: PRICE }))
    const sameAddress = { clientAddress: '203.0.113.99' }
    await pump(
      guard,
      Array.from({ length: 80 }, () => attempt(projectId, sameAddress)),
    )
    assert.equal((await guard.assess(attempt(projectId))).verdict, 'deny')
    assert.equal((await guard.assess(attempt(projectId, { live: false }))).verdict, 'allow')
    assert.equal((await other.guard.assess(attempt(other.projectId, sameAddress))).verdict, 'allow')
  })

  test('50 at once from several processes: never more than the budget', async () => {
    const { projectId } = await project(enforce('spendPerDay', { threshold: 7 * PRICE }))
    const guards = [open(), open(), open()]
    const answers = await Promise.all(
      Array.from({ length: 51 }, (_, index) => (guards[index % 3] as OtpGuard).assess(attempt(projectId))),
    )
    assert.equal(answers.filter(({ verdict }) => verdict === 'allow').length, 7)
  })
})

describe('a rule that only records', () => {
  test('stops nothing, and says what it would have stopped', async () => {
    const { projectId, guard } = await project()
    const { sent } = await pump(
      guard,
      Array.from({ length: 8 }, (_, index) =>
        attempt(projectId, { e164: `+25191123450${index}`, country: 'ET' }),
      ),
    )
    assert.equal(sent, 8)
    await guard.flush()
    const decisions = await listDecisions(database.db, {
      projectId,
      live: true,
      beforeId: undefined,
      limit: 10,
    })
    assert.equal(decisions.length, 3)
    assert.deepEqual(decisions[0]?.fired, [
      { rule: 'adjacentNumbers', mode: 'record', action: 'challenge', value: 8, threshold: 5 },
    ])
    const [place] = await readOverview(database.db, { projectId, live: true, since: new Date(0), limit: 10 })
    assert.deepEqual([place?.country, place?.sent, place?.spent_micros], ['ET', 8, 8 * PRICE])
  })

  test('goes by what was verified: max(20, 20 %)', async () => {
    const { projectId, guard } = await project(enforce('unverifiedCountry', { action: 'deny' }))
    for (let index = 0; index < 150; index++) {
      const one = attempt(projectId)
      await guard.assess(one)
      guard.verified(one)
    }
    await guard.flush()
    clock.advance(3000)
    const { sent } = await pump(
      guard,
      Array.from({ length: 25 }, () => attempt(projectId)),
    )
    assert.equal(sent, 25, '20 % of 150 are 30')
  })
})

describe('lists', () => {
  test('of prefixes outweigh those of countries, the longer the shorter', () => {
    const rules: OtpRules = {
      ...DEFAULT_RULES,
      ...{ deniedCountries: ['DE'], allowedPrefixes: ['+4917'], deniedPrefixes: ['+491799', '+88'] },
    }
    const cases = [
      ['+4915112345678', 'DE', 'refused'],
      ['+4917012345678', 'DE', 'trusted'],
      ['+4917991234567', 'DE', 'refused'],
      ['+8821234567', undefined, 'refused'],
      ['+33612345678', 'FR', undefined],
    ] as const
    for (const [e164, country, said] of cases) assert.equal(readLists(rules, { e164, country }), said, e164)
    const only = { ...DEFAULT_RULES, allowedCountries: ['FR'] }
    assert.equal(readLists(only, { e164: '+4915112345678', country: 'DE' }), 'refused')
    assert.equal(readLists(only, { e164: '+8821234567', country: undefined }), 'refused')
    assert.equal(
      readLists(only, { e164: undefined, country: undefined }),
      undefined,
      'email goes by no country',
    )
  })
})

describe('a proof of work', () => {
  const who = { projectId: 'p', recipientKey: 'r', addressKey: 'a' }
  const proofs = createProofOfWork(key, clock)

  test('is good for whom it was asked of, once, and not for long', async () => {
    const { projectId, guard } = await project(enforce('address', { threshold: 1 }))
    const ada = attempt(projectId, { clientAddress: '203.0.113.200' })
    await guard.assess(ada)
    const { task } = await guard.assess(ada)
    assert.ok(task)
    const proof = solveProofOfWork(task)
    const elsewhere = attempt(projectId, { clientAddress: '203.0.113.200', proof })
    assert.equal((await guard.assess(elsewhere)).verdict, 'challenge', 'it is bound to the recipient')
    const answers = await Promise.all(Array.from({ length: 5 }, () => guard.assess({ ...ada, proof })))
    assert.equal(answers.filter(({ verdict }) => verdict === 'allow').length, 1, 'a proof is used up')
  })

  test('that was made up, changed, or is too old is worth nothing', () => {
    const task = proofs.ask(who, 1)
    const proof = solveProofOfWork(task)
    assert.ok(proofs.verify(proof, who))
    const [version, expires, bits, ...rest] = proof.split('.')
    const strange = [
      '',
      'x',
      proof.slice(0, -1),
      [version, expires, '1', ...rest].join('.'),
      [version, String(Number(expires) + 1), bits, ...rest].join('.'),
      `${proof}.x`,
      `${task.task}.!`,
      'x'.repeat(10_000),
    ]
    for (const one of strange) assert.equal(proofs.verify(one, who), undefined, one.slice(0, 100))
    clock.advance(600_001)
    assert.equal(proofs.verify(proof, who), undefined)
  })

  test('is harder the more speaks against the caller', () => {
    assert.ok(proofs.ask(who, 3).bits > proofs.ask(who, 1).bits)
  })
})

describe('a captcha', () => {
  test('is verified by its service, and by nobody where the service cannot be asked', async () => {
    let asked = new URLSearchParams()
    let answer = JSON.stringify({ success: true })
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      asked = new URLSearchParams(Buffer.concat(chunks).toString())
      response.end(answer)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const captcha = createCaptcha({
      ...{ kind: 'turnstile', siteKey: 'site', secret: 'secret', logger },
      verifyUrl: `http://127.0.0.1:${port}/`,
    })
    const who = { projectId: 'p', recipientKey: 'r', addressKey: 'a' }
    assert.deepEqual(captcha.ask(who, 1), { kind: 'turnstile', task: '', bits: 0, siteKey: 'site' })
    assert.match((await captcha.verify('token', who)) ?? '', /^turnstile:/)
    assert.deepEqual(Object.fromEntries(asked), { secret: 'secret', response: 'token', sitekey: 'site' })
    answer = JSON.stringify({ success: false, 'error-codes': ['timeout-or-duplicate'] })
    assert.equal(await captcha.verify('token', who), undefined)
    answer = 'no JSON'
    assert.equal(await captcha.verify('token', who), undefined)
    await new Promise((resolve) => server.close(resolve))
    assert.equal(await captcha.verify('token', who), undefined)
  })
})

test('what is old is forgotten', async () => {
  const { projectId, guard } = await project()
  await guard.assess(attempt(projectId))
  await guard.flush()
  clock.advance(36 * 86_400_000)
  await guard.maintain()
  const { rows } = await database.db.query<{ many: number }>({
    text: `SELECT (SELECT count(*) FROM limits.otp_counts)::int + (SELECT count(*) FROM limits.otp_members)::int
             + (SELECT count(*) FROM limits.otp_decisions)::int AS many`,
  })
  assert.equal(rows[0]?.many, 0)
})
