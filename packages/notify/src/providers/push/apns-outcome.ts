import type { ProviderResult } from '../adapter.ts'
import { jsonObject } from '../http-outcome.ts'
import type { HttpAnswer } from '../http-sender.ts'

/**
 * APNs' reasons, where the status alone does not tell:
 *
 * | reason | outcome |
 * | --- | --- |
 * | Unregistered, ExpiredToken (410) | permanent, the address is at fault |
 * | BadDeviceToken (400) | permanent |
 * | BadTopic, MissingTopic, TopicDisallowed, InvalidPushType (400) | the account's fault: its sender is not its app |
 * | DeviceTokenNotForTopic, PayloadTooLarge … | permanent |
 * | IdleTimeout (400) | transient |
 * | ServiceUnavailable (503) | transient; to be tried again after 15 minutes, as Apple asks |
 *
 * The table decides on the rest: 403 (ExpiredProviderToken, InvalidProviderToken …) the account's fault, 429
 * (TooManyRequests, TooManyProviderTokenUpdates) and Shutdown (503) transient, InternalServerError (500) unknown.
 *
 * BadDeviceToken is also what devices of the other environment get, so that it condemns no device: an account that is set up
 * for the wrong one would condemn them all.
 *
 * https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
 */
export function judgeApns(answer: HttpAnswer, reply: string): ProviderResult | undefined {
  const { status, headers } = answer
  if (status === 410) return { outcome: 'rejected_permanent', reply, addressFault: true }
  switch (status >= 400 && jsonObject(answer)?.reason) {
    case 'BadDeviceToken':
      return { outcome: 'rejected_permanent', reply }
    case 'BadTopic':
    case 'MissingTopic':
    case 'TopicDisallowed':
    case 'InvalidPushType':
      return { outcome: 'rejected_transient', reply, accountFault: true }
    case 'IdleTimeout':
      return { outcome: 'rejected_transient', reply }
    case 'ServiceUnavailable':
      if (headers['retry-after'] !== undefined) return undefined
      return { outcome: 'rejected_transient', reply, retryAfterMs: 15 * 60_000 }
    default:
      return undefined
  }
}
