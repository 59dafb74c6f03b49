import { OtpChannel } from '@mainstay/proto/identity/v1'
import type { KindRow } from './store.ts'

/** The kinds that every project begins with. */
const FIRST_KINDS: Record<string, string> = {
  customer: 'Customers',
  driver: 'Drivers',
  merchant: 'Merchants',
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** A kind as it is before anybody has changed it. */
export function newKind(kind: string): KindRow {
  return {
    kind,
    display_name: FIRST_KINDS[kind] ?? kind,
    invite_only: false,
    phone_channels: [OtpChannel.SMS],
    email_refused: false,
    access_token_ttl_ms: 10 * MINUTE_MS,
    session_idle_ttl_ms: 30 * DAY_MS,
    session_ttl_ms: 365 * DAY_MS,
    sender_name: '',
    whatsapp_template: '',
    whatsapp_languages: [],
    test_code: '',
  }
}

/** The rules of a kind: its row, or what it began with. Undefined when the project has no such kind. */
export function kindOf(kind: string, row: KindRow | null | undefined): KindRow | undefined {
  if (row) return row
  return Object.hasOwn(FIRST_KINDS, kind) ? newKind(kind) : undefined
}

/** The stored kinds and those that every project has, by name. */
export function allKinds(rows: readonly KindRow[]): KindRow[] {
  const stored = new Map(rows.map((row) => [row.kind, row]))
  const names = [...new Set([...Object.keys(FIRST_KINDS), ...stored.keys()])].sort()
  return names.map((name) => stored.get(name) ?? newKind(name))
}
