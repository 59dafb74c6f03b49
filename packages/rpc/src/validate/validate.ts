import { create, type DescMessage, type Message } from '@bufbuild/protobuf'
import { createValidator } from '@bufbuild/protovalidate'
import type { FieldViolation } from '@mainstay/kernel'
import { violationPath } from '../json-path.ts'
import { quickCheck } from './quick-check.ts'
import { textViolations } from './text-policy.ts'

/** The violations of the contract's rules; empty when the message keeps them. */
export type Validate = (schema: DescMessage, message: Message) => readonly FieldViolation[]

const none: readonly FieldViolation[] = Object.freeze([])

/**
 * @param schemas the types that requests are of. Each is validated once at start, because protovalidate compiles its rules
 * on first use: 100 ms and more for the first wrong request, in which nobody else is served.
 */
export function createValidate(schemas: readonly DescMessage[] = []): Validate {
  const validator = createValidator()
  for (const schema of schemas) validator.validate(schema, create(schema))
  return (schema, message) => {
    if (quickCheck(schema)(message)) return none
    const result = validator.validate(schema, message)
    // A rule that cannot be evaluated is a defect of the contract, not of the request.
    if (result.kind === 'error') throw result.error
    const violations = result.kind === 'valid' ? [] : result.violations
    return [
      ...violations.map((violation) => ({
        field: violationPath(violation.field),
        description: violation.message,
        reason: 'rpc.field_invalid',
      })),
      ...textViolations(schema, message),
    ]
  }
}
