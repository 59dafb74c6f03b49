import type { ProviderAccount } from '@mainstay/proto/notify/v1'

/** Where an account leads, in a few characters: its server, or the sender at a service. */
export function addressOf(account: ProviderAccount): string {
  switch (account.config.case) {
    case 'smtp':
      return `${account.config.value.host}:${account.config.value.port}`
    case 'http':
      return account.config.value.url
    case 'service':
      return account.sender
    default:
      return ''
  }
}
