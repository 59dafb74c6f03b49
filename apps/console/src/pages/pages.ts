/** Every page as its own chunk. */
export const pages = {
  signIn: () => import('./sign-in/sign-in-page.tsx'),
  home: () => import('./home/home-page.tsx'),
  messages: () => import('./messages/messages-page.tsx'),
  message: () => import('./messages/message-panel.tsx'),
  mailbox: () => import('./mailbox/mailbox-page.tsx'),
  mail: () => import('./mailbox/mail-reader.tsx'),
  phone: () => import('./phone/phone-page.tsx'),
  review: () => import('./review/review-page.tsx'),
  preferences: () => import('./preferences/preferences-page.tsx'),
  suppressions: () => import('./suppressions/suppressions-page.tsx'),
  campaigns: () => import('./campaigns/campaigns-page.tsx'),
  campaign: () => import('./campaigns/campaign-page.tsx'),
  schedules: () => import('./schedules/schedules-page.tsx'),
  templates: () => import('./templates/templates-page.tsx'),
  template: () => import('./templates/template-page.tsx'),
  workflows: () => import('./workflows/workflows-page.tsx'),
  workflow: () => import('./workflows/workflow-page.tsx'),
  runs: () => import('./workflows/runs-page.tsx'),
  run: () => import('./workflows/run-panel.tsx'),
  providers: () => import('./providers/providers-page.tsx'),
  routing: () => import('./routing/routing-page.tsx'),
  provider: () => import('./providers/provider-panel.tsx'),
  accounts: () => import('./accounts/accounts-page.tsx'),
  account: () => import('./accounts/account-panel.tsx'),
  apps: () => import('./apps/apps-page.tsx'),
  recipients: () => import('./recipients/recipients-page.tsx'),
  recipient: () => import('./recipients/recipient-panel.tsx'),
  topics: () => import('./topics/topics-page.tsx'),
  segments: () => import('./segments/segments-page.tsx'),
  segment: () => import('./segments/segment-page.tsx'),
  apiKeys: () => import('./api-keys/api-keys-page.tsx'),
  settings: () => import('./settings/settings-page.tsx'),
  system: () => import('./settings/system-tab.tsx'),
  configuration: () => import('./settings/configuration-tab.tsx'),
  deadLetters: () => import('./settings/dead-letters-tab.tsx'),
  changes: () => import('./settings/changes-tab.tsx'),
  tracking: () => import('./settings/tracking-tab.tsx'),
  appearance: () => import('./settings/appearance-tab.tsx'),
  notFound: () => import('./not-found/not-found-page.tsx'),
}

/**
 * Fetches the other pages once the first one stands, so that going to one waits for nothing but its data. Not where the
 * reader asked the browser to save data.
 */
export async function preloadPages(): Promise<void> {
  if ('connection' in navigator && (navigator.connection as { saveData?: boolean }).saveData) return
  for (const load of Object.values(pages)) {
    try {
      await load()
    } catch {
      // Offline, or a newer version was installed: going to the page tries again, and says so if it fails.
      return
    }
  }
}
