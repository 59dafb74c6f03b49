import { AccountState, IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import { AtSign, type LucideIcon, Mail, Phone } from 'lucide-react'
import type { Tone } from '../../components/state-mark/state-mark.tsx'

/** Every state, with its name in addresses. */
export const accountStates: ReadonlyMap<AccountState, { slug: string; word: string; tone: Tone }> = new Map([
  [AccountState.ACTIVE, { slug: 'active', word: 'Active', tone: 'ok' }],
  [AccountState.BANNED, { slug: 'banned', word: 'Banned', tone: 'bad' }],
  [AccountState.DELETED, { slug: 'deleted', word: 'Deleted', tone: 'quiet' }],
])

export const identifierTypes: ReadonlyMap<IdentifierType, { word: string; icon: LucideIcon }> = new Map([
  [IdentifierType.PHONE, { word: 'Phone', icon: Phone }],
  [IdentifierType.EMAIL, { word: 'Email', icon: Mail }],
  [IdentifierType.USERNAME, { word: 'Name', icon: AtSign }],
])
