/**
 * What is shipped: the whole pipeline over the contract, with real API keys from a real database, validation, tracing,
 * metrics and the request log. Only the handler is of the bench, because it is not what is measured.
 */
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { DescService } from '@bufbuild/protobuf'
import { timestampNow } from '@bufbuild/protobuf/wkt'
import { accessMigrations, accessSettings, createAccess } from '@mainstay/access'
import {
  createBus,
  createLogger,
  createMetrics,
  createPageTokens,
  createSealer,
  loadSettings,
  systemClock,
} from '@mainstay/kernel'
import { openTestDatabase } from '@mainstay/kernel/testing'
import { Access } from '@mainstay/proto/access/v1'
import { Notify } from '@mainstay/proto/notify/v1'
import { createRpc, type Handlers, httpOptions, implement, rpcSettings } from '@mainstay/rpc'
import fastify from 'fastify'
import { type Listening, messageId, notificationId } from './task.ts'

const settings = loadSettings([accessSettings, rpcSettings], {})
const logger = createLogger()
const database = await openTestDatabase({ sets: [accessMigrations] })
const bus = createBus({ connection: database.connectionString })
await bus.start()
const sealer = createSealer(randomBytes(32))
const access = createAccess({
  db: database.db,
  bus,
  clock: systemClock,
  logger,
  settings: settings.access,
  sealer,
  pageTokens: createPageTokens(sealer.deriveKey('page tokens')),
  contracts: [Access, Notify],
  events: { publish: async () => undefined },
})
await access.start()
const { project } = await access.ensureBootstrap()
const { secret } = await access.ensureDevKey(project.project_id)

const notify = implement(Notify, {
  ...unmeasured(Notify),
  sendNotification: async () => ({
    notificationId,
    messageIds: [messageId],
    createTime: timestampNow(),
  }),
})
const rpc = createRpc({
  implementations: [access.implementation, notify],
  ports: access.ports,
  logger,
  metrics: createMetrics(),
  limits: settings.rpc,
})
const app = fastify(httpOptions(settings.rpc))
rpc.registerHttp(app)
await app.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.server.address() as AddressInfo
process.send?.({ port, headers: { authorization: `Bearer ${secret}` } } satisfies Listening)

process.once('SIGTERM', async () => {
  await app.close()
  await access.stop()
  await bus.stop()
  await database.drop()
  process.disconnect?.()
})

/** Handlers for the methods that nobody calls here. */
function unmeasured<S extends DescService>(service: S): Handlers<S> {
  const unavailable = () => Promise.reject(new Error('Not part of this benchmark'))
  return Object.fromEntries(
    service.methods.map(({ localName }) => [localName, unavailable]),
  ) as unknown as Handlers<S>
}
