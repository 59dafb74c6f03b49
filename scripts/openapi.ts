import { readFileSync } from 'node:fs'
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { getComments } from '@bufbuild/protoplugin'
import { createOpenApi } from '@mainstay/rpc/openapi'

/** Requests that the document shows; apps/server's tests send each of them. */
export const examples = {
  'mainstay.notify.v1.Notify/SendNotification': {
    to: { email: 'ada@example.com' },
    email: { subject: 'Your order is on its way', text: 'It arrives tomorrow between 9:00 and 11:00.' },
    messageClass: 'MESSAGE_CLASS_TRANSACTIONAL',
    dedupeKey: 'order-1234-shipped',
  },
}

/** The OpenAPI document of a buf image that carries source information, with a final line break. */
export function renderOpenApi(imagePath: string): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(imagePath)))
  const services = [...registry].filter(
    (desc) => desc.kind === 'service' && desc.typeName.startsWith('mainstay.'),
  )
  const document = createOpenApi({
    services: services.filter((desc) => desc.kind === 'service'),
    version,
    examples,
    commentOf: (desc) => (getComments(desc).leading ?? '').replace(/^ /gm, '').trim(),
  })
  return `${JSON.stringify(document, null, 2)}\n`
}
