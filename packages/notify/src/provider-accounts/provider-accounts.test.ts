import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { type AppError, newId } from '@mainstay/kernel'
import { SmtpSecurity, VerifyProviderAccountRequestSchema } from '@mainstay/proto/notify/v1'
import { SMTP_SEMANTICS } from '../providers/smtp.ts'
import { type AccountInit, callOf, useDirectory } from '../testing/directory.ts'
import { aMessage, patient } from '../testing/outgoing.ts'

const paths = (error: AppError): string[] => error.violations.map((violation) => violation.field)

describe('provider accounts', () => {
  const world = useDirectory()

  test('an account is stored with its password sealed, shown without it, and used with it', async () => {
    const projectId = newId()
    const account = await world.add(projectId, world.smtpAccount({ priority: 7 }))
    assert.match(account.providerAccountId, /^pac_/)
    assert.equal(account.config.case === 'smtp' && account.config.value.password, '')
    assert.equal(account.config.case === 'smtp' && account.config.value.username, 'ada')
    const [candidate] = await world.directory.candidates(projectId, true, 'email')
    assert.equal(candidate?.displayName, 'Mail')
    assert.equal(candidate?.concurrency, 2)
    assert.deepEqual(candidate?.semantics, SMTP_SEMANTICS)
    const client = await world.directory.clientFor(projectId, candidate?.providerAccountId ?? '')
    assert.equal((await client.send(aMessage('email'), patient)).outcome, 'accepted')
    assert.equal(world.peer.commands.includes('AUTH …'), true)

    const { rows } = await world.db.query<{ all: string }>({
      text: 'SELECT row_to_json(a)::text AS all FROM notify.provider_accounts a WHERE project_id = $1',
      values: [projectId],
    })
    const seen = JSON.stringify([rows, await world.list(projectId), world.logged], (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    assert.equal(seen.includes('hunter2'), false)
    assert.equal(seen.includes(Buffer.from('hunter2-hunter2').toString('hex')), false)
  })

  test('an etag refuses a lost update; of 20 updates at once with one etag, one wins', async () => {
    const projectId = newId()
    const { providerAccountId, etag } = await world.add(projectId, world.smtpAccount())
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, priority) =>
        world.change(projectId, { providerAccountId, etag, priority }, ['priority']),
      ),
    )
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const result of results) {
      if (result.status === 'rejected') assert.equal(result.reason.reason, 'notify.etag_mismatch')
    }
    const updated = (await world.list(projectId)).find((one) => one.providerAccountId === providerAccountId)
    assert.notEqual(updated?.etag, etag)
  })

  test('an update keeps the password, and a kept password never goes to another place', async () => {
    const projectId = newId()
    const { providerAccountId } = await world.add(projectId, world.smtpAccount())
    const renamed = await world.change(projectId, { providerAccountId, displayName: 'Renamed' })
    assert.equal(renamed.displayName, 'Renamed')
    const [candidate] = await world.directory.candidates(projectId, true, 'email')
    const client = await world.directory.clientFor(projectId, candidate?.providerAccountId ?? '')
    assert.equal((await client.send(aMessage('email'), patient)).outcome, 'accepted')
    for (const value of [{ host: 'evil.example' }, { port: 2525 }, { security: SmtpSecurity.TLS }]) {
      await assert.rejects(
        world.change(projectId, { providerAccountId, config: { case: 'smtp', value } }),
        (error: AppError) => {
          assert.equal(error.reason, 'notify.provider_config_invalid')
          assert.deepEqual(paths(error), ['providerAccount.smtp.password'])
          return true
        },
      )
    }
    await world.change(projectId, {
      providerAccountId,
      config: { case: 'smtp', value: { port: 2525, password: 'again' } },
    })
  })

  test('what cannot work is refused with the path of every fault', async () => {
    const projectId = newId()
    const table: [AccountInit, string[]][] = [
      [{ displayName: 'x', sender: 'a@b.example' }, ['providerAccount']],
      [world.smtpAccount({ sender: '' }), ['providerAccount.sender']],
      [world.smtpAccount({ sender: 'a@b.example\r\nBcc: c@d.example' }), ['providerAccount.sender']],
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
      ].map((url): [AccountInit, string[]] => [
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
      await assert.rejects(world.add(projectId, account), (error: AppError) => {
        assert.equal(error.reason, 'notify.provider_config_invalid')
        assert.deepEqual(paths(error), expected, JSON.stringify(account))
        return true
      })
    }
  })

  test('private endpoints are allowed where the setting says so', async () => {
    const open = world.aProcess({ httpAllowPrivate: true })
    const account = {
      displayName: 'x',
      sender: 'a@b.example',
      config: { case: 'http', value: { url: 'http://127.0.0.1:1/x' } },
    } as const
    assert.equal((await world.add(newId(), account, false, open)).config.case, 'http')
  })

  test('a test key adds and changes test accounts only', async () => {
    const projectId = newId()
    const refused = { reason: 'notify.mode_not_allowed' }
    const live = await world.add(projectId, world.smtpAccount())
    await assert.rejects(world.add(projectId, world.smtpAccount(), true), refused)
    await assert.rejects(
      world.change(
        projectId,
        { providerAccountId: live.providerAccountId, enabled: false },
        ['enabled'],
        true,
      ),
      refused,
    )
    const { providerAccountId } = await world.add(projectId, world.smtpAccount({ test: true }), true)
    await world.change(projectId, { providerAccountId, priority: 3 }, ['priority'], true)
    await assert.rejects(world.change(projectId, { providerAccountId, test: false }, ['test'], true), refused)
  })

  test('an account of another project is not found', async () => {
    const { providerAccountId } = await world.add(newId(), world.smtpAccount())
    const stranger = newId()
    const notFound = { reason: 'notify.provider_account_not_found' }
    await assert.rejects(world.change(stranger, { providerAccountId, priority: 1 }, ['priority']), notFound)
    await assert.rejects(world.change(stranger, { providerAccountId: 'nonsense', priority: 1 }), notFound)
    await assert.rejects(world.directory.clientFor(stranger, newId()), notFound)
    const request = create(VerifyProviderAccountRequestSchema, { providerAccountId })
    await assert.rejects(
      async () => world.directory.handlers.verifyProviderAccount(request, callOf(stranger)),
      notFound,
    )
  })

  test('verify tells whether the account works, and that its credentials cannot be read', async () => {
    const projectId = newId()
    const { providerAccountId } = await world.add(projectId, world.smtpAccount())
    const request = create(VerifyProviderAccountRequestSchema, { providerAccountId })
    const works = await world.directory.handlers.verifyProviderAccount(request, callOf(projectId))
    assert.deepEqual([works.ok, works.detail], [true, 'Signed in as ada without encryption.'])
    const stranger = world.aProcess({}, randomBytes(32))
    const unreadable = await stranger.handlers.verifyProviderAccount(request, callOf(projectId))
    assert.equal(unreadable.ok, false)
    const [candidate] = await stranger.candidates(projectId, true, 'email')
    await assert.rejects(stranger.clientFor(projectId, candidate?.providerAccountId ?? ''), {
      reason: 'notify.credentials_unreadable',
    })
  })

  test('credentials copied to another account do not open', async () => {
    const projectId = newId()
    const [one, two] = [
      await world.add(projectId, world.smtpAccount()),
      await world.add(projectId, world.smtpAccount({ displayName: 'Two' })),
    ]
    await world.db.query({
      text: `UPDATE notify.provider_accounts a SET revision = 9, sealed_secret = b.sealed_secret
        FROM notify.provider_accounts b WHERE a.display_name = 'Two' AND b.display_name = 'Mail'
        AND a.project_id = $1 AND b.project_id = $1`,
      values: [projectId],
    })
    const request = create(VerifyProviderAccountRequestSchema, { providerAccountId: two.providerAccountId })
    assert.equal((await world.directory.handlers.verifyProviderAccount(request, callOf(projectId))).ok, false)
    const intact = create(VerifyProviderAccountRequestSchema, { providerAccountId: one.providerAccountId })
    assert.equal((await world.directory.handlers.verifyProviderAccount(intact, callOf(projectId))).ok, true)
  })

  test('changes are in the audit', async () => {
    const projectId = newId()
    const { providerAccountId } = await world.add(projectId, world.smtpAccount())
    await world.change(projectId, { providerAccountId, priority: 1 }, ['priority'])
    const { rows } = await world.db.query({
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
  })
})
