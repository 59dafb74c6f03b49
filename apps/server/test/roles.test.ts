import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { createLogger } from '@mainstay/kernel'
import { temporaryHome, useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { Mode } from '@mainstay/proto/access/v1'
import { MessageState } from '@mainstay/proto/notify/v1'
import { createMainstay, isReason, type Mainstay } from '@mainstay/sdk'
import { readSettings } from '../src/config.ts'
import { type Server, startServer } from '../src/server.ts'
import { type ServerProcess, spawnServer } from './process.ts'

// One database, four processes: an API in this one, so that a test can mint a key; a second API and two workers beside.
const database = useTestDatabase()
const home = temporaryHome()
const processes: ServerProcess[] = []
let server: Server
let mainstay: Mainstay
let secondUrl = ''

before(async () => {
  await database.ready()
  const settings = {
    MAINSTAY_HOME: home,
    DATABASE_URL: database.connectionString,
    HTTP_PORT: '0',
    GRPC_PORT: '0',
  }
  server = await startServer({
    role: 'api',
    settings: readSettings(settings),
    logger: createLogger({ level: 'error', format: 'json' }),
  })
  const { project } = await server.program.access.ensureBootstrap()
  const { secret } = await server.program.access.ensureDevKey(project.project_id)
  mainstay = createMainstay({ baseUrl: server.httpUrl, apiKey: secret })
  const roles = ['api', 'worker', 'worker']
  processes.push(...roles.map((role) => spawnServer(home, settings, [`--role=${role}`])))
  await Promise.all(processes.map((process) => process.ready()))
  secondUrl = /API\s+(http:\S+)/.exec(processes[0]?.output() ?? '')?.[1] ?? ''
})
after(async () => {
  await Promise.all(processes.map((process) => process.stop()))
  await server?.stop()
  rmSync(home, { recursive: true, force: true })
})

test('two workers deliver what an API process accepted, each message once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 500 }, (_, number) =>
      mainstay.notify.sendNotification({
        to: { target: { case: 'email', value: `user-${number}@example.com` } },
        content: { case: 'email', value: { subject: `Number ${number}`, text: 'Hello' } },
      }),
    ),
  )
  const sent = new Set(answers.flatMap(({ messageIds }) => messageIds))
  assert.equal(sent.size, 500)
  const delivered = { states: [MessageState.DELIVERED] }
  await waitFor(
    async () => {
      const found = new Set<string>()
      for await (const message of mainstay.notify.listMessages({ filter: delivered, pageSize: 100 }))
        found.add(message.messageId)
      return [...sent].every((messageId) => found.has(messageId))
    },
    { what: 'all of them to be delivered', timeoutMs: 30_000, everyMs: 200 },
  )
  const mails: string[] = []
  for await (const mail of mainstay.notify.listMails({ pageSize: 100 })) mails.push(mail.messageId)
  assert.equal(mails.length, 500)
  assert.deepEqual(new Set(mails), sent)
})

test('a worker answers health checks and nothing else', async () => {
  const worker = processes[1]
  assert.ok(worker)
  assert.doesNotMatch(worker.output(), /API\s+http|Bearer/)
})

test('a key revoked in one process is refused by the other soon after, without a restart', async () => {
  const { secret, apiKey } = await mainstay.access.createApiKey({
    apiKey: { displayName: 'Short-lived', mode: Mode.TEST, scopes: ['notify:read'] },
  })
  const second = createMainstay({ baseUrl: secondUrl, apiKey: secret, maxRetries: 0 })
  await second.notify.listMessages({ pageSize: 1 })
  await mainstay.access.revokeApiKey({ apiKeyId: apiKey?.apiKeyId ?? '' })
  await waitFor(
    () =>
      second.notify.listMessages({ pageSize: 1 }).then(
        () => false,
        (error: unknown) => isReason(error, 'access.api_key_revoked'),
      ),
    { what: 'the refusal' },
  )
})
