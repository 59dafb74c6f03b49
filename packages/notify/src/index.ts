export { mixesScripts } from './accept/mixed-scripts.ts'
export { type NotifySettings, notifySettings } from './config.ts'
export { reasons } from './errors.ts'
export {
  type MessagesEvent,
  messagesAccepted,
  messagesEnded,
  messagesSeen,
  type SpendAlert,
  spendAlert,
} from './events.ts'
export { notifyMigrations } from './migrations.ts'
export { createNotify, type Notify, type NotifyDeps } from './notify.ts'
export type { PreferencePages } from './preferences/page/pages.ts'
export { renderProvidersMarkdown } from './provider-accounts/providers-page.ts'
export { normaliseAddress } from './providers/mailboxes.ts'
export { countryOf, toPhoneNumber } from './providers/phone-numbers.ts'
export type { ReportReceiver } from './reports/receive.ts'
export type { TrackingReceiver } from './tracking/receiver.ts'
