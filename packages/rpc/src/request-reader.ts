import type { DescMessage, Message } from '@bufbuild/protobuf'
import { refuseFields } from './errors.ts'
import { decodeMessage } from './rest/bind.ts'
import { createValidate } from './validate/validate.ts'

/** As deep as the default of HTTP_MAX_JSON_DEPTH. */
const MAX_JSON_DEPTH = 64

/**
 * Reads requests that did not come over the wire exactly as if they had: the same forms of JSON, the same rules of the
 * contract, and the same errors with the paths of what is wrong.
 */
export function requestReader(input: DescMessage): (json: Buffer) => Message {
  // Not compiled ahead: what keeps the rules is seen by the quick check, and 25 MiB is for the first that breaks one.
  const validate = createValidate()
  return (json) => {
    const request = decodeMessage(input, json, MAX_JSON_DEPTH)
    const violations = validate(input, request)
    if (violations.length > 0) throw refuseFields(violations)
    return request
  }
}
