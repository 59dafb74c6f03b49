import type { DescMessage, Message } from '@bufbuild/protobuf'
import { createValidator } from '@bufbuild/protovalidate'
import type { FieldViolation } from '@mainstay/kernel'
import { violationPath } from './json-path.ts'

/** The violations of the contract's rules; empty when the message keeps them. */
export type Validate = (schema: DescMessage, message: Message) => readonly FieldViolation[]

const none: readonly FieldViolation[] = Object.freeze([])

export function createValidate(): Validate {
  const validator = createValidator()
  return (schema, message) => {
    const result = validator.validate(schema, message)
    if (result.kind === 'valid') return none
    // A rule that cannot be evaluated is a defect of the contract, not of the request.
    if (result.kind === 'error') throw result.error
    return result.violations.map((violation) => ({
      field: violationPath(violation.field),
      description: violation.message,
      reason: 'rpc.field_invalid',
    }))
  }
}
