import type { Notify } from '@mainstay/proto/notify/v1'
import type { Handlers } from '@mainstay/rpc'
import { toWholeRecipient } from './recipient-message.ts'
import type { Recipients } from './service.ts'

/** The recipient methods that the Notify service has. */
export function recipientHandlers(
  recipients: Recipients,
): Pick<Handlers<typeof Notify>, 'updateRecipient' | 'getRecipient'> {
  return {
    async updateRecipient({ recipient, updateMask }, ctx) {
      // The contract requires it: its rules have been kept before this is called.
      if (recipient === undefined) throw new TypeError('A request to update has a recipient')
      return toWholeRecipient(await recipients.update(ctx, recipient, updateMask?.paths ?? []))
    },
    async getRecipient({ recipientId }, { projectId }) {
      return toWholeRecipient(await recipients.get(projectId, recipientId))
    },
  }
}
