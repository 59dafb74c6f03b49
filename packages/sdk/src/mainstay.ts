import { Access } from '@mainstay/proto/access/v1'
import { Authorization } from '@mainstay/proto/access/v1/authorization'
import { Identity } from '@mainstay/proto/identity/v1'
import { Accounts } from '@mainstay/proto/identity/v1/accounts'
import { Clients } from '@mainstay/proto/identity/v1/clients'
import { OtpProtection } from '@mainstay/proto/identity/v1/otp-protection'
import { Passwords } from '@mainstay/proto/identity/v1/passwords'
import { Notify } from '@mainstay/proto/notify/v1'
import { Campaigns } from '@mainstay/proto/notify/v1/campaigns'
import { Inbox } from '@mainstay/proto/notify/v1/inbox'
import { Preferences } from '@mainstay/proto/notify/v1/preferences'
import { Recipients } from '@mainstay/proto/notify/v1/recipients'
import { Schedules } from '@mainstay/proto/notify/v1/schedules'
import { Tracking } from '@mainstay/proto/notify/v1/tracking'
import { Workflows } from '@mainstay/proto/notify/v1/workflows'
import { System } from '@mainstay/proto/system/v1'
import type { Client } from './client.ts'
import { createConnector, type MainstayOptions } from './connector.ts'

/** The clients of every capability. */
export interface Mainstay {
  access: Client<typeof Access>
  accounts: Client<typeof Accounts>
  authorization: Client<typeof Authorization>
  campaigns: Client<typeof Campaigns>
  clients: Client<typeof Clients>
  identity: Client<typeof Identity>
  notify: Client<typeof Notify>
  otpProtection: Client<typeof OtpProtection>
  passwords: Client<typeof Passwords>
  preferences: Client<typeof Preferences>
  schedules: Client<typeof Schedules>
  system: Client<typeof System>
  inbox: Client<typeof Inbox>
  recipients: Client<typeof Recipients>
  tracking: Client<typeof Tracking>
  workflows: Client<typeof Workflows>
}

/**
 * Makes a client for a Mainstay server; it opens no connection by itself.
 *
 * Calls that change state carry an idempotency key, so that a repeat after a lost answer has no second effect.
 * Lists are pages when awaited and all items when iterated over. Failures are `MainstayError`s.
 */
export function createMainstay(options: MainstayOptions = {}): Mainstay {
  const client = createConnector(options)
  return {
    access: client(Access),
    accounts: client(Accounts),
    authorization: client(Authorization),
    campaigns: client(Campaigns),
    clients: client(Clients),
    identity: client(Identity),
    notify: client(Notify),
    otpProtection: client(OtpProtection),
    passwords: client(Passwords),
    preferences: client(Preferences),
    schedules: client(Schedules),
    system: client(System),
    inbox: client(Inbox),
    recipients: client(Recipients),
    tracking: client(Tracking),
    workflows: client(Workflows),
  }
}
