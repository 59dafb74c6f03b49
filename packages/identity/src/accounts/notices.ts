import { create } from '@bufbuild/protobuf'
import { newTrace, toTypeId } from '@mainstay/kernel'
import type { Notify } from '@mainstay/notify'
import { IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import { MessageClass, SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'
import { nobody } from '@mainstay/rpc'
import type { AppClient } from '../clients/service.ts'
import type { AccountWithIdentifiers, IdentifierRow } from './store.ts'

/** What an account's owner is told at what they had verified before. */
export type NoticeOf = 'identifier_added' | 'identifier_removed' | 'deletion_scheduled'

export interface Notices {
  /**
   * Tells the owner of an account, at every phone number and email address that was verified before the change. It is called before
   * the change is committed, so that nothing changes that nobody could be told of.
   */
  tell(
    app: AppClient,
    before: AccountWithIdentifiers,
    notice: NoticeOf,
    changed: IdentifierRow | undefined,
    requestId: string,
  ): Promise<void>
}

export function createNotices(notify: Pick<Notify, 'send'>): Notices {
  return {
    async tell(app, before, notice, changed, requestId) {
      const text = wordsOf(app.senderName, notice, changed)
      for (const to of before.identifiers) {
        if (to.verify_time === null || to.type === IdentifierType.USERNAME) continue
        const isEmail = to.type === IdentifierType.EMAIL
        const request = create(SendNotificationRequestSchema, {
          to: { target: isEmail ? { case: 'email', value: to.value } : { case: 'phone', value: to.value } },
          content: isEmail
            ? {
                case: 'email',
                value: { subject: `Your ${app.senderName} account has changed`, text: `${text}\n` },
              }
            : { case: 'sms', value: { text } },
          messageClass: MessageClass.TRANSACTIONAL,
          dedupeKey: `account/${before.account_id}/${before.version}/${to.type}`,
        })
        await notify.send(request, {
          projectId: app.project_id,
          caller: { ...nobody, id: toTypeId('cli', app.client_id), testMode: !app.live },
          ...{ requestId, trace: newTrace(), idempotency: undefined, setHeader: () => undefined },
        })
      }
    },
  }
}

function wordsOf(sender: string, notice: NoticeOf, changed: IdentifierRow | undefined): string {
  if (changed === undefined) {
    return `Your ${sender} account will be deleted, as was asked for. If that was not you, sign in, keep it and end all sessions.`
  }
  const what = describe(changed)
  return notice === 'identifier_added'
    ? `${what} can now sign in to your ${sender} account. If that was not you, sign in, remove it and end all sessions.`
    : `${what} can no longer sign in to your ${sender} account. If that was not you, contact us.`
}

/** Enough to know it by, and not enough to call or write to it. */
function describe({ type, value }: IdentifierRow): string {
  if (type === IdentifierType.PHONE) return `The phone number ending in ${value.slice(-2)}`
  if (type === IdentifierType.EMAIL) {
    return `The email address ${value.slice(0, 1)}…${value.slice(value.lastIndexOf('@'))}`
  }
  return 'A user name'
}
