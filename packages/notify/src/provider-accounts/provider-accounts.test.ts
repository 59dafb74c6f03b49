import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type AppError,
  type Bus,
  createBus,
  createLogger,
  createPageTokens,
  createSealer,
  newId,
  systemClock,
  toTypeId,
} from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import {
  CreateProviderAccountRequestSchema,
  ListProviderAccountsRequestSchema,
  type ProviderAccount,
  ProviderAccountSchema,
  SmtpSecurity,
  UpdateProviderAccountRequestSchema,
  VerifyProviderAccountRequestSchema,
} from '@mainstay/proto/notify/v1'
import type { CallContext } from '@mainstay/rpc'
import { createDirectory, type Directory, type DirectoryDeps } from '../directory.ts'
import { ledgerMigrations, queueMessages } from '../testing/ledger.ts'
import { anEmail, patient } from '../testing/outgoing-email.ts'
import { type SmtpPeer, startSmtpPeer } from '../testing/smtp-peer.ts'

type Init = MessageInitShape<typeof ProviderAccountSchema>

const settings: DirectoryDeps['settings'] = {
  smtpUrl: undefined,
  smtpFrom: undefined,
  providerConnectTimeoutMs: 5000,
  httpAllowPrivate: false,
  mailboxPort: 0,
  mailboxKeep: 100,
  deliverSendTimeoutMs: 5000,
}

describe('provider accounts', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const masterKey = randomBytes(32)
  const undo: (() => Promise<unknown>)[] = []
  const logged: string[] = []
  const logger = createLogger({
    level: 'debug',
    format: 'json',
    stream: { write: (line: string) => void logged.push(line) },
  })
  let bus: Bus
  let directory: Directory
  let peer: SmtpPeer

  /** A process of its own: another directory, with its own caches, on the same database. */
  async function aProcess(
    change: Partial<DirectoryDeps['settings']> = {},
    key = masterKey,
  ): Promise<Directory> {
    const made = createDirectory({
      db: database.db,
      bus,
      clock: systemClock,
      logger,
      events: { publishMany: async () => {} },
      sealer: createSealer(key),
      pageTokens: createPageTokens(randomBytes(32)),
      settings: { ...settings, ...change },
    })
    await made.start()
    undo.unshift(() => made.close())
    return made
  }

  before(async () => {
    bus = createBus({ connection: database.connectionString })
    await bus.start()
    undo.push(() => bus.stop())
    peer = await startSmtpPeer()
    undo.push(() => peer.close())
    directory = await aProcess()
  })
  after(async () => {
    for (const step of undo) await step()
  })

  const call = (projectId: string, testMode = false): CallContext =>
    ({ projectId, requestId: 'req_test', caller: { id: 'key_test', testMode } }) as CallContext

  async function add(
    projectId: string,
    account: Init,
    testMode = false,
    on = directory,
  ): Promise<ProviderAccount> {
    const request = create(CreateProviderAccountRequestSchema, { providerAccount: account })
    return create(
      ProviderAccountSchema,
      await on.handlers.createProviderAccount(request, call(projectId, testMode)),
    )
  }

  async function change(
    projectId: string,
    account: Init,
    paths?: string[],
    testMode = false,
  ): Promise<ProviderAccount> {
    const request = create(UpdateProviderAccountRequestSchema, {
      providerAccount: account,
      ...(paths === undefined ? {} : { updateMask: { paths } }),
    })
    return create(
      ProviderAccountSchema,
      await directory.handlers.updateProviderAccount(request, call(projectId, testMode)),
    )
  }

  async function list(projectId: string): Promise<ProviderAccount[]> {
    const answer = await directory.handlers.listProviderAccounts(
      create(ListProviderAccountsRequestSchema),
      call(projectId),
    )
    return (answer.providerAccounts ?? []).map((account) => create(ProviderAccountSchema, account))
  }

  const smtpAccount = (more: Init = {}): Init => ({
    displayName: 'Mail',
    sender: 'Acme <hello@acme.example>',
    enabled: true,
    config: {
      case: 'smtp',
      value: {
        host: '127.0.0.1',
        port: peer.port,
        security: SmtpSecurity.NONE,
        username: 'ada',
        password: 'hunter2-hunter2',
        maxConnections: 2,
      },
    },
    ...more,
  })

  const paths = (error: AppError): string[] => error.violations.map((violation) => violation.field)

  test('an account is stored with its password sealed, shown without it, and used with it', async () => {
    const projectId = newId()
    const account = await add(projectId, smtpAccount({ priority: 7 }))
    assert.match(account.providerAccountId, /^pac_/)
    assert.equal(account.config.case === 'smtp' && account.config.value.password, '')
    assert.equal(account.config.case === 'smtp' && account.config.value.username, 'ada')
    const [candidate] = await directory.candidates(projectId, true, 'email')
    assert.equal(candidate?.displayName, 'Mail')
    assert.equal(candidate?.concurrency, 2)
    assert.deepEqual(candidate?.semantics, { idempotencyKey: false, lookup: false, sandbox: false })
    const client = await directory.clientFor(projectId, candidate?.providerAccountId ?? '')
    assert.equal((await client.send(anEmail(), patient)).outcome, 'accepted')
    assert.equal(peer.commands.includes('AUTH …'), true)

    const { rows } = await database.db.query<{ all: string }>({
      text: 'SELECT row_to_json(a)::text AS all FROM notify.provider_accounts a WHERE project_id = $1',
      values: [projectId],
    })
    const seen = JSON.stringify([rows, await list(projectId), logged], (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    assert.equal(seen.includes('hunter2'), false)
    assert.equal(seen.includes(Buffer.from('hunter2-hunter2').toString('hex')), false)
  })

  test('every project has a sandbox, made once however many ask at once', async () => {
    const projectId = newId()
    const other = await aProcess()
    const asked = Array.from({ length: 20 }, (_, at) =>
      (at % 2 ? directory : other).candidates(projectId, false, 'email'),
    )
    const found = (await Promise.all(asked)).map(([candidate]) => candidate?.providerAccountId)
    assert.equal(new Set(found).size, 1)
    const [sandbox, ...more] = await list(projectId)
    assert.deepEqual(more, [])
    assert.equal(sandbox?.config.case, 'sandbox')
    assert.equal(sandbox?.test, true)
    assert.deepEqual(await directory.candidates(projectId, true, 'email'), [])
  })

  test('the sandbox delivers to the mailbox', async () => {
    const projectId = newId()
    const [sandbox] = await directory.candidates(projectId, false, 'email')
    assert.equal(sandbox?.semantics.sandbox, true)
    const client = await directory.clientFor(projectId, sandbox?.providerAccountId ?? '')
    assert.equal((await client.send(anEmail({ from: sandbox?.sender ?? '' }), patient)).outcome, 'accepted')
    assert.deepEqual(await client.verify(), {
      ok: true,
      detail: `Signed in as ${projectId} without encryption.`,
    })
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
      await add(projectId, smtpAccount({ displayName, priority, enabled, test: isTest }))
    }
    const names = async (live: boolean) =>
      (await directory.candidates(projectId, live, 'email')).map((candidate) => candidate.displayName)
    assert.deepEqual(await names(true), ['first', 'second', 'third'])
    assert.deepEqual(await names(false), ['test', 'Sandbox mailbox'])
  })

  test('a change is seen in this process at once and in the others within a second', async () => {
    const projectId = newId()
    const other = await aProcess()
    const account = await add(projectId, smtpAccount())
    const { providerAccountId } = account
    assert.equal((await other.candidates(projectId, true, 'email')).length, 1)
    await change(projectId, { providerAccountId, enabled: false }, ['enabled'])
    assert.deepEqual(await directory.candidates(projectId, true, 'email'), [])
    await waitFor(async () => (await other.candidates(projectId, true, 'email')).length === 0, {
      timeoutMs: 2000,
    })
  })

  test('a changed account gets a new line, and the old one ends its sends', async () => {
    const projectId = newId()
    const account = await add(projectId, smtpAccount())
    const [candidate] = await directory.candidates(projectId, true, 'email')
    const id = candidate?.providerAccountId ?? ''
    const before = await directory.clientFor(projectId, id)
    assert.equal(await directory.clientFor(projectId, id), before)
    const under = before.send(anEmail(), patient)
    await change(projectId, { providerAccountId: account.providerAccountId, priority: 3 }, ['priority'])
    const changed = await directory.clientFor(projectId, id)
    assert.notEqual(changed, before)
    assert.equal((await under).outcome !== 'unknown', true)
    assert.equal((await changed.send(anEmail(), patient)).outcome, 'accepted')
  })

  test('an etag refuses a lost update; of 20 updates at once with one etag, one wins', async () => {
    const projectId = newId()
    const { providerAccountId, etag } = await add(projectId, smtpAccount())
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, priority) =>
        change(projectId, { providerAccountId, etag, priority }, ['priority']),
      ),
    )
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const result of results) {
      if (result.status === 'rejected') assert.equal(result.reason.reason, 'notify.etag_mismatch')
    }
    const updated = (await list(projectId)).find((one) => one.providerAccountId === providerAccountId)
    assert.notEqual(updated?.etag, etag)
  })

  test('an update keeps the password, and a kept password never goes to another place', async () => {
    const projectId = newId()
    const { providerAccountId } = await add(projectId, smtpAccount())
    const renamed = await change(projectId, { providerAccountId, displayName: 'Renamed' })
    assert.equal(renamed.displayName, 'Renamed')
    const [candidate] = await directory.candidates(projectId, true, 'email')
    const client = await directory.clientFor(projectId, candidate?.providerAccountId ?? '')
    assert.equal((await client.send(anEmail(), patient)).outcome, 'accepted')
    for (const value of [{ host: 'evil.example' }, { port: 2525 }, { security: SmtpSecurity.TLS }]) {
      await assert.rejects(
        change(projectId, { providerAccountId, config: { case: 'smtp', value } }),
        (error: AppError) => {
          assert.equal(error.reason, 'notify.provider_config_invalid')
          assert.deepEqual(paths(error), ['providerAccount.smtp.password'])
          return true
        },
      )
    }
    await change(projectId, {
      providerAccountId,
      config: { case: 'smtp', value: { port: 2525, password: 'again' } },
    })
  })

  test('what cannot work is refused with the path of every fault', async () => {
    const projectId = newId()
    const table: [Init, string[]][] = [
      [{ displayName: 'x', sender: 'a@b.example' }, ['providerAccount']],
      [smtpAccount({ sender: '' }), ['providerAccount.sender']],
      [smtpAccount({ sender: 'a@b.example\r\nBcc: c@d.example' }), ['providerAccount.sender']],
      [
        {
          displayName: 'x',
          sender: 'a, b',
          config: { case: 'smtp', value: { host: 'a b', port: 0, username: 'u' } },
        },
        ['sender', 'smtp.host', 'smtp.port', 'smtp.password'].map((path) => `providerAccount.${path}`),
      ],
      ...[
        'ftp://x.example',
        'http://x.example',
        'https://u:p@x.example',
        'https://x.example#f',
        'https://127.0.0.1',
        'https://[::1]/',
        'https://169.254.169.254/latest',
        'https://0x7f.1',
        'nonsense',
      ].map((url): [Init, string[]] => [
        { displayName: 'x', sender: 'a@b.example', config: { case: 'http', value: { url } } },
        ['providerAccount.http.url'],
      ]),
      [
        {
          displayName: 'x',
          sender: 'a@b.example',
          config: { case: 'http', value: { url: 'https://x.example', bearerToken: 'a\nb' } },
        },
        ['providerAccount.http.bearerToken'],
      ],
    ]
    for (const [account, expected] of table) {
      await assert.rejects(add(projectId, account), (error: AppError) => {
        assert.equal(error.reason, 'notify.provider_config_invalid')
        assert.deepEqual(paths(error), expected, JSON.stringify(account))
        return true
      })
    }
  })

  test('private endpoints are allowed where the setting says so', async () => {
    const open = await aProcess({ httpAllowPrivate: true })
    const account = {
      displayName: 'x',
      sender: 'a@b.example',
      config: { case: 'http', value: { url: 'http://127.0.0.1:1/x' } },
    } as const
    assert.equal((await add(newId(), account, false, open)).config.case, 'http')
  })

  test('a test key adds and changes test accounts only', async () => {
    const projectId = newId()
    const refused = { reason: 'notify.mode_not_allowed' }
    const live = await add(projectId, smtpAccount())
    await assert.rejects(add(projectId, smtpAccount(), true), refused)
    await assert.rejects(
      change(projectId, { providerAccountId: live.providerAccountId, enabled: false }, ['enabled'], true),
      refused,
    )
    const { providerAccountId } = await add(projectId, smtpAccount({ test: true }), true)
    await change(projectId, { providerAccountId, priority: 3 }, ['priority'], true)
    await assert.rejects(change(projectId, { providerAccountId, test: false }, ['test'], true), refused)
  })

  test('a sandbox account is always test', async () => {
    const account = await add(newId(), { displayName: 'Box', config: { case: 'sandbox', value: {} } })
    assert.equal(account.test, true)
    assert.equal(account.sender, 'Mainstay sandbox <sandbox@mainstay.invalid>')
  })

  test('an account of another project is not found', async () => {
    const { providerAccountId } = await add(newId(), smtpAccount())
    const stranger = newId()
    const notFound = { reason: 'notify.provider_account_not_found' }
    await assert.rejects(change(stranger, { providerAccountId, priority: 1 }, ['priority']), notFound)
    await assert.rejects(change(stranger, { providerAccountId: 'nonsense', priority: 1 }), notFound)
    await assert.rejects(directory.clientFor(stranger, newId()), notFound)
    const request = create(VerifyProviderAccountRequestSchema, { providerAccountId })
    await assert.rejects(
      async () => directory.handlers.verifyProviderAccount(request, call(stranger)),
      notFound,
    )
  })

  test('verify tells whether the account works, and that its credentials cannot be read', async () => {
    const projectId = newId()
    const { providerAccountId } = await add(projectId, smtpAccount())
    const request = create(VerifyProviderAccountRequestSchema, { providerAccountId })
    const works = await directory.handlers.verifyProviderAccount(request, call(projectId))
    assert.deepEqual([works.ok, works.detail], [true, 'Signed in as ada without encryption.'])
    const stranger = await aProcess({}, randomBytes(32))
    const unreadable = await stranger.handlers.verifyProviderAccount(request, call(projectId))
    assert.equal(unreadable.ok, false)
    const [candidate] = await stranger.candidates(projectId, true, 'email')
    await assert.rejects(stranger.clientFor(projectId, candidate?.providerAccountId ?? ''), {
      reason: 'notify.credentials_unreadable',
    })
  })

  test('credentials copied to another account do not open', async () => {
    const projectId = newId()
    const [one, two] = [
      await add(projectId, smtpAccount()),
      await add(projectId, smtpAccount({ displayName: 'Two' })),
    ]
    await database.db.query({
      text: `UPDATE notify.provider_accounts a SET revision = 9, sealed_secret = b.sealed_secret
        FROM notify.provider_accounts b WHERE a.display_name = 'Two' AND b.display_name = 'Mail'
        AND a.project_id = $1 AND b.project_id = $1`,
      values: [projectId],
    })
    const request = create(VerifyProviderAccountRequestSchema, { providerAccountId: two.providerAccountId })
    assert.equal((await directory.handlers.verifyProviderAccount(request, call(projectId))).ok, false)
    const intact = create(VerifyProviderAccountRequestSchema, { providerAccountId: one.providerAccountId })
    assert.equal((await directory.handlers.verifyProviderAccount(intact, call(projectId))).ok, true)
  })

  test('accounts are listed with how they fared in the last 24 hours', async () => {
    const projectId = newId()
    await add(projectId, smtpAccount())
    const [candidate] = await directory.candidates(projectId, true, 'email')
    const outcomes = [3, 3, 3, 4, 5, 6, 3]
    const ids = await queueMessages(
      database.db,
      outcomes.map(() => ({ projectId })),
    )
    const end = (at: number) => new Date(Date.now() - (at === 6 ? 25 * 3_600_000 : at * 1000))
    await database.db.query({
      text: `INSERT INTO notify.delivery_attempts (project_id, message_id, attempt, provider_account_id, start_time, end_time, outcome)
        SELECT $1, id, 1, $2, end_time, end_time, outcome FROM unnest($3::uuid[], $4::int2[], $5::timestamptz[]) AS a (id, outcome, end_time)`,
      values: [projectId, candidate?.providerAccountId, ids, outcomes, outcomes.map((_, at) => end(at))],
    })
    const [account] = await list(projectId)
    assert.deepEqual([account?.acceptedCount, account?.rejectedCount, account?.unknownCount], [3n, 2n, 1n])
  })

  test('the settings make a live account once, keep it up to date, and switch it off without them', async () => {
    const projectId = newId()
    const configured = (password: string) => ({
      smtpUrl: `smtp://ada:${password}@127.0.0.1:${peer.port}?security=none`,
      smtpFrom: 'Acme <hello@acme.example>',
    })
    const first = await aProcess(configured('one'))
    await Promise.all(Array.from({ length: 10 }, () => first.ensureDefaults(projectId)))
    const accounts = await list(projectId)
    assert.deepEqual(
      accounts.map((account) => [account.displayName, account.test]),
      [
        ['Default SMTP', false],
        ['Sandbox mailbox', true],
      ],
    )
    await first.ensureDefaults(projectId)
    assert.equal((await list(projectId))[0]?.etag, accounts[0]?.etag)

    await (await aProcess(configured('two'))).ensureDefaults(projectId)
    assert.notEqual((await list(projectId))[0]?.etag, accounts[0]?.etag)
    const providerAccountId = accounts[0]?.providerAccountId ?? ''
    const refusal = { reason: 'notify.provider_config_invalid' }
    await assert.rejects(change(projectId, { providerAccountId, sender: 'x@y.example' }, ['sender']), refusal)
    await change(projectId, { providerAccountId, priority: 1 }, ['priority'])

    await directory.ensureDefaults(projectId)
    assert.equal(
      (await list(projectId)).find((one) => one.providerAccountId === providerAccountId)?.enabled,
      false,
    )
    assert.deepEqual(await directory.candidates(projectId, true, 'email'), [])
  })

  test('changes are in the audit', async () => {
    const projectId = newId()
    const { providerAccountId } = await add(projectId, smtpAccount())
    await change(projectId, { providerAccountId, priority: 1 }, ['priority'])
    const { rows } = await database.db.query({
      text: 'SELECT action, resource, actor FROM access.audit_entries WHERE project_id = $1 ORDER BY audit_entry_id',
      values: [projectId],
    })
    assert.deepEqual(
      rows,
      ['create', 'update'].map((verb) => ({
        action: `notify.provider_accounts.${verb}`,
        resource: providerAccountId,
        actor: 'key_test',
      })),
    )
    assert.equal(toTypeId('pac', newId()).length, providerAccountId.length)
  })
})
