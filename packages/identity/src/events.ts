import { defineEvent } from '@mainstay/kernel'

/** Something happened to one account. */
export interface AccountEvent {
  /** The project's uuid. */
  projectId: string
  /** The account's uuid. */
  accountId: string
  kind: string
  live: boolean
}

export const accountCreated = defineEvent<AccountEvent>('identity.account_created', {
  key: (payload) => payload.accountId,
})

export const accountBanned = defineEvent<AccountEvent>('identity.account_banned', {
  key: (payload) => payload.accountId,
})

/** For whoever keeps something of the person: it is to be erased. */
export const accountDeleted = defineEvent<AccountEvent>('identity.account_deleted', {
  key: (payload) => payload.accountId,
})
