import type { ProviderResult } from '../adapter.ts'
import { jsonObject } from '../http-outcome.ts'
import type { HttpAnswer } from '../http-sender.ts'

const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError'
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest'

/**
 * FCM's error codes, where the status alone does not tell:
 *
 * | code | outcome |
 * | --- | --- |
 * | UNREGISTERED (404) | permanent, the device is gone |
 * | INVALID_ARGUMENT (400) | permanent; the address is at fault when the token is what is named |
 * | SENDER_ID_MISMATCH (403) | permanent: the device is another project's. Not taken for a dead device, because the wrong service account would then kill every one |
 * | THIRD_PARTY_AUTH_ERROR (401) | the account's fault: FCM lacks the keys for APNs or Web Push |
 * | QUOTA_EXCEEDED (429) | transient: `Retry-After`, or a minute as documented |
 *
 * The table decides on the rest: UNAVAILABLE (503) transient, INTERNAL (500) unknown, 401 and 403 the account's fault.
 *
 * https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
 */
export function judgeFcm(answer: HttpAnswer, reply: string): ProviderResult | undefined {
  const { code, names } = readError(answer)
  switch (code) {
    case 'UNREGISTERED':
      return { outcome: 'rejected_permanent', reply, addressFault: true }
    case 'INVALID_ARGUMENT':
      return { outcome: 'rejected_permanent', reply, ...(names === 'token' ? { addressFault: true } : {}) }
    case 'SENDER_ID_MISMATCH':
      return { outcome: 'rejected_permanent', reply }
    case 'THIRD_PARTY_AUTH_ERROR':
      return { outcome: 'rejected_transient', reply, accountFault: true }
    default:
      if (answer.status !== 429 || answer.headers['retry-after'] !== undefined) return undefined
      return { outcome: 'rejected_transient', reply, retryAfterMs: 60_000 }
  }
}

interface Detail {
  '@type'?: unknown
  errorCode?: unknown
  fieldViolations?: unknown
}

function readError(answer: HttpAnswer): { code: unknown; names: 'token' | undefined } {
  if (answer.status < 400) return { code: undefined, names: undefined }
  const { error } = (jsonObject(answer) ?? {}) as { error?: { message?: unknown; details?: unknown } }
  const details = (Array.isArray(error?.details) ? error.details : []) as (Detail | null)[]
  const code = details.find((detail) => detail?.['@type'] === FCM_ERROR)?.errorCode
  const violations = details.find((detail) => detail?.['@type'] === BAD_REQUEST)?.fieldViolations
  const isToken =
    error?.message === 'The registration token is not a valid FCM registration token' ||
    (Array.isArray(violations) && violations.some((one) => one?.field === 'message.token'))
  return { code, names: isToken ? 'token' : undefined }
}
