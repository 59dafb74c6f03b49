import assert from 'node:assert/strict'
import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf'
import type { GenService, GenServiceMethods } from '@bufbuild/protobuf/codegenv2'
import type { Implementation } from '@mainstay/rpc'
import { type TestCallOptions, testCall } from './call.ts'

type Methods = Record<string, { input: DescMessage; output: DescMessage }>

/** Calls the unary methods of a service that a capability implements, as the pipeline would with a request that is valid. */
export function serviceCaller<M extends GenServiceMethods & Methods>(
  service: GenService<M>,
  implementation: Implementation,
) {
  return async <K extends keyof M & string>(
    name: K,
    init: MessageInitShape<M[K]['input']>,
    options: TestCallOptions = {},
  ): Promise<MessageShape<M[K]['output']>> => {
    const found = implementation.methods.find(({ method }) => method.localName === name)
    assert.ok(found !== undefined, `${service.typeName} has no method ${name}`)
    const { method } = found
    const request = create(method.input, init as MessageInitShape<DescMessage>)
    const answer = await found.handle(
      request,
      testCall({ method: `${service.typeName}/${method.name}`, ...options }),
    )
    return create(method.output, answer as MessageInitShape<DescMessage>) as MessageShape<M[K]['output']>
  }
}
