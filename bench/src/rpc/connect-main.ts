/** The peer from the same contract: Connect's own Fastify plugin, with protovalidate for the rules. No sign-in, no tracing. */
import type { AddressInfo } from 'node:net'
import { timestampNow } from '@bufbuild/protobuf/wkt'
import { createValidator } from '@bufbuild/protovalidate'
import { Code, ConnectError } from '@connectrpc/connect'
import { fastifyConnectPlugin } from '@connectrpc/connect-fastify'
import { Notify, SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'
import fastify from 'fastify'
import { type Listening, messageId, notificationId } from './task.ts'

const validator = createValidator()
const app = fastify()
await app.register(fastifyConnectPlugin, {
  routes: (router) =>
    router.rpc(Notify.method.sendNotification, (request) => {
      const result = validator.validate(SendNotificationRequestSchema, request)
      if (result.kind !== 'valid') throw new ConnectError(String(result.error), Code.InvalidArgument)
      return { notificationId, messageIds: [messageId], createTime: timestampNow() }
    }),
})
await app.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.server.address() as AddressInfo
process.send?.({ port, headers: {} } satisfies Listening)
