import { appError, SealError, type Sealer } from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import type { AccountRow } from './store.ts'

/** Seals and opens the passwords and tokens of provider accounts. */
export interface AccountSecrets {
  /** Null for the empty secret. */
  seal(projectId: string, providerAccountId: string, secret: string): Buffer | null
  /** Throws `notify.credentials_unreadable`. */
  open(row: Pick<AccountRow, 'project_id' | 'provider_account_id' | 'sealed_secret'>): string
}

const PURPOSE = 'notify.provider_accounts.secret'

export function createAccountSecrets(sealer: Pick<Sealer, 'seal' | 'open'>): AccountSecrets {
  return {
    seal(projectId, providerAccountId, secret) {
      return secret === '' ? null : sealer.seal(PURPOSE, `${projectId}/${providerAccountId}`, secret)
    },
    open({ project_id, provider_account_id, sealed_secret }) {
      if (sealed_secret === null) return ''
      try {
        return sealer.open(PURPOSE, `${project_id}/${provider_account_id}`, sealed_secret).toString('utf8')
      } catch (cause) {
        if (!(cause instanceof SealError)) throw cause
        throw appError(
          reasons,
          'notify.credentials_unreadable',
          "The account's credentials cannot be read with this master key. Give them again.",
          { cause },
        )
      }
    },
  }
}

/** The secrets of a service by the names of its fields, from what was sealed. */
export function readServiceSecrets(opened: string): Record<string, string> {
  return opened === '' ? {} : (JSON.parse(opened) as Record<string, string>)
}
