import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryHome, waitFor } from '@mainstay/kernel/testing'
import { readBanner, type ServerProcess, spawnServer } from './process.ts'

const main = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))
const home = temporaryHome()
let server: ServerProcess
let url = ''

before(async () => {
  server = spawnServer(home)
  await server.ready()
  url = readBanner(server.output()).apiUrl
})
after(async () => {
  await server.stop()
  rmSync(home, { recursive: true, force: true })
})

interface Run {
  code: number
  out: string
  err: string
}

/** Runs the command as a person in the server's folder would: it finds the development key by itself. */
function mainstay(args: string[], env: Record<string, string> = {}): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...args],
      { env: { ...process.env, MAINSTAY_HOME: home, MAINSTAY_URL: url, MAINSTAY_API_KEY: '', ...env } },
      (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    )
  })
}

test('send, get and list tell of one message', async () => {
  const sent = await mainstay([
    '--json',
    'send',
    '--to',
    'ada@example.com',
    '--subject',
    'From the shell',
    '--text',
    'Hi',
  ])
  assert.equal(sent.code, 0, sent.err)
  const { messageIds } = JSON.parse(sent.out) as { messageIds: string[] }
  const [messageId = ''] = messageIds
  const timeline = await waitFor(
    async () => {
      const { out } = await mainstay(['messages', 'get', messageId])
      // The mailbox tells of the delivery before the worker has recorded its attempt.
      return out.includes('delivered') && out.includes('Attempt 1: accepted by Sandbox') ? out : undefined
    },
    { what: 'the delivery' },
  )
  assert.match(timeline, /subject\s+From the shell/)
  assert.match(timeline, /Attempt 1: accepted by Sandbox/)
  const list = await mainstay(['messages', 'list', '--state', 'delivered'])
  assert.match(list.out, /MESSAGE\s+STATE/)
  assert.match(list.out, new RegExp(messageId))
})

test('a dedupe key that was used before sends nothing new', async () => {
  const args = [
    'send',
    '--to',
    'ada@example.com',
    '--subject',
    'Once',
    '--text',
    'Hi',
    '--dedupe-key',
    'shell-1',
  ]
  await mainstay(args)
  const again = await mainstay(args)
  assert.equal(again.code, 0)
  assert.match(again.out, /nothing new was sent/)
})

test('a scheduled message can be cancelled', async () => {
  const at = new Date(Date.now() + 3_600_000).toISOString()
  const sent = await mainstay([
    '--json',
    'send',
    '--to',
    'a@b.example',
    '--subject',
    'Later',
    '--text',
    'x',
    '--at',
    at,
  ])
  const [messageId = ''] = (JSON.parse(sent.out) as { messageIds: string[] }).messageIds
  const cancelled = await mainstay(['messages', 'cancel', messageId])
  assert.match(cancelled.out, /is cancelled/)
})

test('a key is created, works, is listed, and stops working when it is revoked', async () => {
  const made = await mainstay(['--json', 'keys', 'create', 'CI', '--scope', 'notify:read'])
  const { secret, apiKey } = JSON.parse(made.out) as { secret: string; apiKey: { apiKeyId: string } }
  assert.equal((await mainstay(['messages', 'list'], { MAINSTAY_API_KEY: secret })).code, 0)
  const refused = await mainstay(['send', '--to', 'a@b.example', '--subject', 'x', '--text', 'x'], {
    MAINSTAY_API_KEY: secret,
  })
  assert.equal(refused.code, 4)
  assert.match(refused.err, /access\.scope_missing/)
  assert.match((await mainstay(['keys', 'list'])).out, /CI/)
  assert.match((await mainstay(['keys', 'revoke', apiKey.apiKeyId])).out, /is revoked/)
  assert.equal((await mainstay(['messages', 'list'], { MAINSTAY_API_KEY: secret })).code, 4)
})

test('recipients are imported line by line, listed and shown; lines that are wrong are told', async () => {
  const file = join(home, 'people.ndjson')
  const good = Array.from({ length: 1500 }, (_, n) => ({
    recipientId: `person-${String(n).padStart(4, '0')}`,
  }))
  const lines = good.map((one) => JSON.stringify(one))
  lines[3] = '{"recipientId":"person-0003","email":"no address"}'
  lines[7] = '{"recipientId":"person-0007","emial":"x@example.com"}'
  lines[1200] = 'not JSON'
  lines.push('', '{"recipientId":"grace","displayName":"Grace Hopper","attributes":{"plan":"pro"}}')
  writeFileSync(file, lines.join('\n'))
  const imported = await mainstay(['recipients', 'import', file])
  assert.equal(imported.code, 1)
  assert.match(imported.out, /^line 4 email: /m)
  assert.match(imported.out, /^line 8: .*emial/m)
  assert.match(imported.out, /^line 1201: is no JSON/m)
  assert.match(imported.out, /^1498 stored, 3 refused$/m)
  const listed = await mainstay(['recipients', 'list', '--find', 'grace'])
  assert.match(listed.out, /^grace +Grace Hopper$/m)
  const shown = await mainstay(['recipients', 'get', 'grace'])
  assert.match(shown.out, /\{"plan":"pro"\}/)
  const missing = await mainstay(['recipients', 'import', join(home, 'nothing.ndjson')])
  assert.deepEqual([missing.code, missing.out], [2, ''])
})

test('exit codes tell what went wrong', async () => {
  assert.equal((await mainstay(['messages', 'get', 'msg_00000000000000000000000000'])).code, 5)
  assert.equal((await mainstay(['messages', 'get', 'nonsense'])).code, 1)
  assert.equal((await mainstay(['messages', 'list', '--state', 'nonsense'])).code, 2)
  assert.equal((await mainstay(['messages', 'list'], { MAINSTAY_URL: 'http://127.0.0.1:9' })).code, 3)
  assert.equal((await mainstay(['messages', 'list'], { MAINSTAY_API_KEY: 'msk_test_wrong' })).code, 4)
})

test('sign-in-link prints a link that signs in once, while the server runs, and is audited', async () => {
  const { code, out, err } = await mainstay(['--json', 'sign-in-link'])
  assert.equal(code, 0, err)
  const { signInLink, expireTime } = JSON.parse(out) as { signInLink: string; expireTime: string }
  assert.ok(signInLink.startsWith(`${url}/sign-in#token=msl_`), signInLink)
  assert.ok(Date.parse(expireTime) > Date.now())
  const exchange = () =>
    fetch(`${url}/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify({ token: signInLink.split('#token=')[1] }),
    })
  const first = await exchange()
  assert.equal(first.status, 200)
  assert.equal((await exchange()).status, 401)
  const cookie = (first.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const audit = await fetch(`${url}/v1/audit-entries`, { headers: { cookie, 'mainstay-project': 'default' } })
  const { auditEntries } = (await audit.json()) as { auditEntries: { action: string; actor: string }[] }
  const links = auditEntries.filter(({ action }) => action === 'access.sign_in_links.create')
  // The one of the start, and ours.
  assert.deepEqual(
    links.map(({ actor }) => actor),
    ['system', 'system'],
  )
})

test('sign-in-link says in one sentence that there is no database here', async () => {
  const empty = temporaryHome()
  try {
    const { code, out, err } = await mainstay(['sign-in-link'], { MAINSTAY_HOME: empty })
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, /^There is no database in .*Start the server first, or set MAINSTAY_HOME\.\n$/)
  } finally {
    rmSync(empty, { recursive: true, force: true })
  }
})

test('doctor finds everything well', async () => {
  const { code, out } = await mainstay(['doctor'])
  assert.equal(code, 0, out)
  assert.match(out, /database/)
  assert.match(out, /PostgreSQL 1\d/)
})

test('a workflow is checked, published, started and followed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-cli-'))
  const file = join(folder, 'hello.yaml')
  try {
    writeFileSync(file, 'name: hello\nsteps:\n  - { id: hi, channel: fax }\n')
    const wrong = await mainstay(['workflows', 'publish', file, '--validate'])
    assert.equal(wrong.code, 1)
    assert.match(wrong.err, /hello\.yaml:3:15: steps\[0\]\.channel must be email, /)
    assert.equal((await mainstay(['workflows', 'publish', file])).code, 1)
    writeFileSync(
      file,
      'name: hello\nsteps:\n  - { id: hi, channel: email, content: { subject: "Hi {{ n }}", text: x } }\n',
    )
    assert.match((await mainstay(['workflows', 'publish', file])).out, /hello, version 1: published/)
    assert.match((await mainstay(['workflows', 'publish', file])).out, /nothing has changed/)
    assert.match((await mainstay(['workflows', 'list'])).out, /hello\s+1\s+1\s+0/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const start = ['--json', 'workflows', 'start', 'hello', '--to', 'ada@example.com', '--data', 'n=7']
  const { out } = await mainstay([...start, '--dedupe-key', 'k1'])
  const { runId } = JSON.parse(out) as { runId: string }
  const again = JSON.parse((await mainstay([...start, '--dedupe-key', 'k1'])).out)
  assert.deepEqual([again.runId, again.deduplicated], [runId, true])
  await waitFor(async () => /Completed/.test((await mainstay(['workflows', 'run', runId])).out), {
    what: 'the run to end',
    timeoutMs: 30_000,
  })
  assert.match((await mainstay(['workflows', 'runs', '--state', 'completed'])).out, new RegExp(runId))
  assert.equal((await mainstay(['workflows', 'cancel', runId])).code, 1)
  assert.equal((await mainstay(['workflows', 'start', 'hello'])).code, 2)
})

test('a campaign is created, given a list of any length, started and watched', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-cli-'))
  const draft = join(folder, 'spring.json')
  const list = join(folder, 'people.csv')
  writeFileSync(
    draft,
    JSON.stringify({
      displayName: 'Spring',
      content: { email: { subject: 'Spring is here', text: 'Hello' } },
      audience: { imported: true },
    }),
  )
  const rows = Array.from({ length: 12_000 }, (_, index) => `person${index}@example.com`)
  writeFileSync(list, ['email', ...rows, 'nobody', rows[0]].join('\n'))
  try {
    const wrong = await mainstay(['campaigns', 'create', list])
    assert.equal(wrong.code, 2)
    assert.match(wrong.err, /is no Campaign as the API has it in JSON/)
    const made = await mainstay(['--json', 'campaigns', 'create', draft])
    assert.equal(made.code, 0, made.err)
    const { campaignId } = JSON.parse(made.out) as { campaignId: string }
    const imported = await mainstay(['campaigns', 'import', campaignId, list])
    assert.match(imported.out, /^12000 added, 1 were there already, 1 refused$/m)
    assert.match(imported.out, /^ {2}line 12002 email: /m, 'the line of the file, not of its part')
    assert.match((await mainstay(['campaigns', 'start', campaignId])).out, /is preparing/)
    await waitFor(async () => /\s12000\s/.test((await mainstay(['campaigns', 'list'])).out), {
      ...{ timeoutMs: 60_000, what: 'the audience to be frozen' },
    })
    await mainstay(['campaigns', 'cancel', campaignId])
    const watched = await mainstay(['campaigns', 'watch', campaignId])
    assert.match(watched.out, /cancelled/)
    assert.match((await mainstay(['campaigns', 'list'])).out, /cancelled.+12000\s+Spring/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a schedule is created, listed, paused, resumed and deleted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-cli-'))
  const file = join(folder, 'report.json')
  const notification = { to: { email: 'ada@example.com' }, email: { subject: 'Your week', text: 'Well.' } }
  const timing = { cron: '0 9 2 1 *', timezone: 'Europe/Berlin' }
  writeFileSync(file, JSON.stringify({ displayName: 'Report', timing, notification }))
  try {
    const made = await mainstay(['--json', 'schedules', 'create', file])
    assert.equal(made.code, 0, made.err)
    const { scheduleId } = JSON.parse(made.out) as { scheduleId: string }
    const { out } = await mainstay(['schedules', 'list'])
    assert.match(out, /active\s+0 9 2 1 \*, Europe\/Berlin\s+\d{4}-01-02T08:00:00.000Z\s+0\s+Report/)
    assert.match((await mainstay(['schedules', 'pause', scheduleId])).out, /is paused/)
    assert.match(
      (await mainstay(['schedules', 'resume', scheduleId])).out,
      /is active, next at \d{4}-01-02T08/,
    )
    assert.match((await mainstay(['schedules', 'delete', scheduleId])).out, /is deleted/)
    assert.match((await mainstay(['schedules', 'list'])).out, /No schedules/)
    assert.equal((await mainstay(['schedules', 'pause', scheduleId])).code, 5)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('people are taken in from a file, found, kept out and erased; an app is made', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-cli-'))
  const file = join(folder, 'users.ndjson')
  const user = { user_id: 'auth0|1', email: 'ada@example.com', email_verified: true, name: 'Ada' }
  writeFileSync(file, `${JSON.stringify(user)}\n{"user_id":"auth0|2","email":"wrong"}\n`)
  const importIt = (...more: string[]) =>
    mainstay(['accounts', 'import', file, '--from', 'auth0', '--kind', 'customer', ...more])
  const rehearsed = await importIt('--dry-run')
  assert.match(rehearsed.out, /would be: 1 created, 0 updated, 0 skipped, 1 refused/)
  const taken = await importIt()
  assert.equal(taken.code, 1)
  assert.match(taken.out, /user 2 \(auth0\|2\) refused: Its email address/)
  assert.match((await importIt()).out, /0 created, 0 updated, 1 skipped, 1 refused/)
  rmSync(folder, { recursive: true })
  const [accountId = ''] = (await mainstay(['accounts', 'list', '--find', 'ada@'])).out.match(/acc_\w+/) ?? []
  const banned = await mainstay(['accounts', 'ban', accountId, '--reason', 'Chargebacks'])
  assert.match(banned.out, /state +banned\nreason +Chargebacks/)
  assert.match((await mainstay(['accounts', 'unban', accountId])).out, /state +active/)
  assert.equal((await mainstay(['accounts', 'delete', accountId])).code, 2)
  assert.match((await mainstay(['accounts', 'delete', accountId, '--yes'])).out, /state +deleted/)
  const made = await mainstay(['clients', 'create', 'Driver app', '--kind', 'driver'])
  assert.match(made.out, /client +cli_\w+\nkind +driver\nmode +test/)
  assert.match((await mainstay(['clients', 'list'])).out, /driver +test +open +Driver app/)
})
