import type { FieldViolation } from '@mainstay/kernel'
import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import type { AccountConfig, AccountDraft } from './account-config.ts'
import { readRouting, toDraft } from './account-message.ts'

/** An update applied to what an account is now; the secret is undefined where it is kept. */
export type UpdatedDraft = Omit<AccountDraft, 'secret'> & { secret: string | undefined }

/**
 * Applies the fields that a mask names (AIP-134); without a mask, every field that is set. A secret left empty is kept,
 * unless the mask names it itself. Fields that the server sets are passed over, unknown ones refused.
 */
export function applyUpdate(
  current: Omit<AccountDraft, 'secret'>,
  wanted: ProviderAccount,
  mask: readonly string[] | undefined,
): { updated: UpdatedDraft } | { violations: FieldViolation[] } {
  const { kind } = current.config
  if (wanted.config.case !== undefined && wanted.config.case !== kind) {
    const description = `the account is of the kind ${kind}, which cannot change: add another account`
    return { violations: [{ field: `providerAccount.${wanted.config.case}`, description }] }
  }
  if (isOtherService(current.config, wanted)) {
    const description = `the account is at ${kind === 'service' ? current.config.service : kind}, which cannot change: add another account`
    return { violations: [{ field: 'providerAccount.service.kind', description }] }
  }
  const fields = flatten(current)
  const given = flatten(toDraft(wanted) ?? { ...wanted, routing: readRouting(wanted), config: EMPTY[kind] })
  const unknown = mask?.filter((path) => !isKnown(path, fields, kind)) ?? []
  if (unknown.length > 0) {
    const describe = (path: string) => ({
      field: 'updateMask',
      description: `\`${path}\` is no field of this account`,
    })
    return { violations: unknown.map(describe) }
  }
  for (const path of Object.keys(fields)) {
    // Of a service these follow from what it is and what is sealed.
    if (path === 'service.kind' || path === 'service.secret_names') continue
    const isMeant = mask === undefined ? isSet(path, given, wanted) : isNamed(path, mask, kind)
    if (isMeant) fields[path] = given[path]
  }
  return { updated: { ...unflatten(fields, kind), secret: newSecret(wanted, mask, kind) } }
}

function isOtherService(current: AccountConfig, { config }: ProviderAccount): boolean {
  if (current.kind !== 'service' || config.case !== 'service') return false
  return config.value.kind !== '' && config.value.kind !== current.service
}

/** A draft's fields by the paths that masks use. */
type Fields = Record<string, unknown>

function flatten(draft: Omit<AccountDraft, 'secret'>): Fields {
  const { displayName, sender, enabled, test, priority, routing = {}, config } = draft
  const plain = {
    ...{ display_name: displayName, sender, enabled, test, priority },
    'routing.messages_per_second': routing.messagesPerSecond,
    'routing.weight': routing.weight,
    'routing.countries': routing.countries,
    'routing.drained': routing.drained,
  }
  if (config.kind === 'sandbox') return { ...plain, 'sandbox.broken': config.broken }
  if (config.kind === 'http') return { ...plain, 'http.url': config.url }
  if (config.kind === 'service') {
    const { service, settings, secretNames } = config
    return {
      ...plain,
      'service.kind': service,
      'service.settings': settings,
      'service.secret_names': secretNames,
    }
  }
  return {
    ...plain,
    'smtp.host': config.host,
    'smtp.port': config.port,
    'smtp.security': config.security,
    'smtp.username': config.username,
    'smtp.max_connections': config.maxConnections,
  }
}

function unflatten(fields: Fields, kind: AccountConfig['kind']): Omit<AccountDraft, 'secret'> {
  const { display_name: displayName, sender, enabled, test, priority } = fields
  const prefix = `${kind}.`
  const decided = Object.entries(ROUTING_PATHS).filter(([path]) => fields[path] !== undefined)
  const routing = Object.fromEntries(decided.map(([path, name]) => [name, fields[path]]))
  const config: Fields = { kind }
  for (const [path, value] of Object.entries(fields)) {
    if (path.startsWith(prefix) && value !== undefined)
      config[CONFIG_NAMES[path] ?? path.slice(prefix.length)] = value
  }
  const draft = {
    ...{ displayName, sender, enabled, test, priority, config },
    ...(decided.length > 0 ? { routing } : {}),
  }
  return draft as unknown as Omit<AccountDraft, 'secret'>
}

const EMPTY: Record<AccountConfig['kind'], AccountConfig> = {
  sandbox: { kind: 'sandbox' },
  smtp: { kind: 'smtp', host: '', port: 0, security: 'starttls', username: '', maxConnections: 0 },
  http: { kind: 'http', url: '' },
  service: { kind: 'service', service: '', settings: {}, secretNames: [] },
}

const ROUTING_PATHS = {
  'routing.messages_per_second': 'messagesPerSecond',
  'routing.weight': 'weight',
  'routing.countries': 'countries',
  'routing.drained': 'drained',
} as const

/** Where a mask's name and ours differ. */
const CONFIG_NAMES: Readonly<Record<string, string>> = {
  'smtp.max_connections': 'maxConnections',
  'service.kind': 'service',
  'service.secret_names': 'secretNames',
}

const SECRET_PATHS = {
  sandbox: undefined,
  smtp: 'smtp.password',
  http: 'http.bearer_token',
  service: 'service.secrets',
} as const

const SERVER_SET: ReadonlySet<string> = new Set([
  'provider_account_id',
  'channel',
  'create_time',
  'update_time',
  'etag',
  'accepted_count',
  'rejected_count',
  'unknown_count',
  'channels',
  'report_url',
  'service.stored_secrets',
])

function isKnown(path: string, fields: Fields, kind: AccountConfig['kind']): boolean {
  return (
    path === '*' ||
    path === kind ||
    path === 'routing' ||
    Object.hasOwn(fields, path) ||
    path === SECRET_PATHS[kind] ||
    SERVER_SET.has(path)
  )
}

function isNamed(path: string, mask: readonly string[], kind: string): boolean {
  const [parent = ''] = path.split('.')
  const isPart = parent !== path && (parent === kind || parent === 'routing')
  return mask.includes(path) || mask.includes('*') || (isPart && mask.includes(parent))
}

/** Proto3 cannot tell an unset field from one set to its zero; `security` reads as STARTTLS when it is unset. */
function isSet(path: string, given: Fields, wanted: ProviderAccount): boolean {
  // An account is mended by naming it in a mask, as other switches are switched off.
  if (path === 'routing.messages_per_second') return given[path] !== undefined
  if (path === 'service.settings') return Object.keys(given[path] as object).length > 0
  if (path === 'smtp.security') return wanted.config.case === 'smtp' && wanted.config.value.security !== 0
  return Boolean(given[path])
}

function newSecret(
  wanted: ProviderAccount,
  mask: readonly string[] | undefined,
  kind: AccountConfig['kind'],
): string | undefined {
  const path = SECRET_PATHS[kind]
  if (path === undefined) return undefined
  const secret = toDraft(wanted)?.secret ?? ''
  if (mask?.includes(path)) return secret
  return secret !== '' && (mask === undefined || isNamed(path, mask, kind)) ? secret : undefined
}
