/** The peer that does the same by hand: Fastify with a JSON schema for the body and one for the answer. No sign-in, no tracing. */
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { type Listening, messageId, notificationId } from './task.ts'

const app = fastify()
app.post(
  '/v1/notifications',
  {
    schema: {
      body: {
        type: 'object',
        required: ['to'],
        additionalProperties: false,
        properties: {
          to: {
            type: 'object',
            additionalProperties: false,
            properties: {
              email: { type: 'string', format: 'email', maxLength: 254 },
              recipientId: { type: 'string', minLength: 1, maxLength: 128 },
            },
          },
          channel: { type: 'string', enum: ['CHANNEL_UNSPECIFIED', 'CHANNEL_EMAIL'] },
          template: {
            type: 'object',
            additionalProperties: false,
            properties: {
              name: { type: 'string', minLength: 1, maxLength: 64 },
              version: { type: 'integer', minimum: 0 },
            },
          },
          email: {
            type: 'object',
            additionalProperties: false,
            required: ['subject'],
            properties: {
              subject: { type: 'string', minLength: 1, maxLength: 250, pattern: '^[^\\r\\n]*$' },
              text: { type: 'string', maxLength: 262_144 },
              html: { type: 'string', maxLength: 1_048_576 },
            },
          },
          data: { type: 'object', additionalProperties: true },
          dedupeKey: { type: 'string', maxLength: 200 },
          sendTime: { type: 'string', format: 'date-time' },
          messageClass: {
            type: 'string',
            enum: [
              'MESSAGE_CLASS_UNSPECIFIED',
              'MESSAGE_CLASS_OTP',
              'MESSAGE_CLASS_TRANSACTIONAL',
              'MESSAGE_CLASS_BULK',
            ],
          },
          ttl: { type: 'string', pattern: '^\\d+(\\.\\d{1,9})?s$' },
          unknownPolicy: { type: 'string' },
        },
      },
      response: {
        202: {
          type: 'object',
          properties: {
            notificationId: { type: 'string' },
            messageIds: { type: 'array', items: { type: 'string' } },
            createTime: { type: 'string' },
            deduplicated: { type: 'boolean' },
          },
        },
      },
    },
  },
  async (_request, reply) => {
    reply.code(202)
    return { notificationId, messageIds: [messageId], createTime: new Date().toISOString() }
  },
)
await app.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.server.address() as AddressInfo
process.send?.({ port, headers: {} } satisfies Listening)
