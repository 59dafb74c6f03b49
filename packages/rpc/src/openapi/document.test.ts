import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Access } from '@mainstay/proto/access/v1'
import { Notify } from '@mainstay/proto/notify/v1'
import { createOpenApi } from './document.ts'

const document = createOpenApi({
  services: [Access, Notify],
  version: '0.0.0',
  commentOf: (desc) => `About ${desc.name}. Reasons: \`notify.message_not_found\`.`,
  examples: { 'mainstay.notify.v1.Notify/SendNotification': { to: { email: 'a@b.example' } } },
}) as { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, object> } }

interface Operation {
  operationId: string
  parameters?: { name: string; in: string; required?: boolean }[]
  responses: Record<string, unknown>
  requestBody?: { content: Record<string, { schema: object; example?: unknown }> }
}

test('every method of the contracts is described once, under a name of its own', () => {
  const ids = Object.values(document.paths).flatMap((verbs) =>
    Object.values(verbs).map(({ operationId }) => operationId),
  )
  assert.equal(ids.length, Access.methods.length + Notify.methods.length)
  assert.equal(new Set(ids).size, ids.length)
})

test('every reference leads to a schema', () => {
  for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    assert.ok(document.components.schemas[name as string], name)
  }
})

test('path variables are the paths of fields, and every one is a parameter', () => {
  for (const [path, verbs] of Object.entries(document.paths)) {
    const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name)
    for (const { parameters = [] } of Object.values(verbs)) {
      assert.deepEqual(
        parameters.filter((one) => one.in === 'path').map(({ name }) => name),
        names,
        path,
      )
      assert.ok(parameters.every((one) => one.in !== 'path' || one.required))
    }
  }
})

test('success has the status that the contract gives it', () => {
  assert.ok(document.paths['/v1/notifications']?.post?.responses['202'])
  assert.ok(document.paths['/v1/messages']?.get?.responses['200'])
})

test('rules of validation stand in the schema', () => {
  const target = document.components.schemas['mainstay.notify.v1.Target']
  const fields = ['email', 'recipientId', 'phone', 'deviceToken', 'chat', 'url']
  const others = (field: string) =>
    `Excludes ${fields
      .filter((other) => other !== field)
      .map((other) => `\`${other}\``)
      .join(', ')}.`
  assert.partialDeepStrictEqual(target, {
    type: 'object',
    description: 'About Target. Reasons: `notify.message_not_found`.',
    properties: {
      email: {
        type: 'string',
        maxLength: 254,
        format: 'email',
        description: `About email. Reasons: \`notify.message_not_found\`. ${others('email')}`,
      },
      recipientId: {
        type: 'string',
        minLength: 1,
        maxLength: 128,
        description: `About recipient_id. Reasons: \`notify.message_not_found\`. ${others('recipientId')}`,
      },
    },
    additionalProperties: false,
  })
})

test('the document is made the same way twice, and the one in the repository has the same paths', () => {
  const file = fileURLToPath(import.meta.resolve('@mainstay/proto/openapi.json'))
  const landed = JSON.parse(readFileSync(file, 'utf8')) as typeof document
  for (const path of Object.keys(document.paths)) assert.ok(landed.paths[path], path)
})
