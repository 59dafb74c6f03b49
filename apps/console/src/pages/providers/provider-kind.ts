import type { ProviderAccount } from '@mainstay/proto/notify/v1'

/** The kind of provider, in a word. */
export function kindWord(account: ProviderAccount): string {
  const { config } = account
  if (config.case === 'service') return config.value.kind
  return { sandbox: 'Sandbox', smtp: 'SMTP', http: 'HTTP' }[config.case ?? 'sandbox']
}

/** Where it is, in a few characters. */
export function addressOf(account: ProviderAccount): string {
  switch (account.config.case) {
    case 'smtp':
      return `${account.config.value.host}:${account.config.value.port}`
    case 'http':
      return account.config.value.url
    case 'service':
      return account.sender
    default:
      return 'the built-in mailbox'
  }
}
