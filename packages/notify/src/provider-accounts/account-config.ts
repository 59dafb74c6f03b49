import { isIP } from 'node:net'
import type { FieldViolation } from '@mainstay/kernel'
import { hasControlCharacters, parseMailbox } from '../providers/mailboxes.ts'
import { PROVIDER_CHANNELS, type ProviderChannel } from '../providers/outgoing.ts'
import { isPublicAddress } from '../providers/public-addresses.ts'
import type { Service, ServiceField } from '../providers/service.ts'
import { services } from '../providers/services.ts'
import { type AccountRouting, checkRouting } from '../routing/account-routing.ts'

/** How to reach a provider, without its secret; stored as JSON. */
export type AccountConfig =
  | {
      kind: 'sandbox'
      /** It refuses every message, so that people see what happens then. */
      broken?: boolean
    }
  | {
      kind: 'smtp'
      host: string
      port: number
      security: 'starttls' | 'tls' | 'none'
      username: string
      /** 0: the adapter's default. */
      maxConnections: number
    }
  | { kind: 'http'; url: string }
  | {
      kind: 'service'
      /** A key of `services`. */
      service: string
      settings: Readonly<Record<string, string>>
      /** Which secrets are sealed. */
      secretNames: readonly string[]
    }

/** What a caller decides about an account. */
export interface AccountDraft {
  displayName: string
  sender: string
  enabled: boolean
  test: boolean
  priority: number
  /** Absent: nothing was decided. */
  routing?: AccountRouting
  config: AccountConfig
  /** The password or bearer token; for a service, its secrets as JSON. Empty: there is none. */
  secret: string
}

export const SANDBOX_SENDER = 'Mainstay sandbox <sandbox@mainstay.invalid>'

/** Fills in what follows by itself: the sandbox is always test, and has a sender without being given one. */
export function completeDraft(draft: AccountDraft): AccountDraft {
  if (draft.config.kind !== 'sandbox') return draft
  return { ...draft, test: true, secret: '', sender: draft.sender || SANDBOX_SENDER }
}

/** Everything wrong with a draft that the contract's own rules cannot say, with paths as the request has them. */
export function checkDraft(
  draft: AccountDraft,
  { allowPrivate }: { allowPrivate: boolean },
): FieldViolation[] {
  const violations: FieldViolation[] = []
  const refuse = (field: string, description: string): void => {
    violations.push({ field: `providerAccount.${field}`, description })
  }
  const { config, secret } = draft
  violations.push(...checkRouting(draft.routing ?? {}))
  if (draft.displayName.trim() === '' || hasControlCharacters(draft.displayName)) {
    refuse('displayName', 'must be 1 to 80 characters on one line')
  }
  if (config.kind === 'service') {
    violations.push(...checkService(config, draft))
    return violations
  }
  if (config.kind === 'http' && hasControlCharacters(draft.sender)) refuse('sender', 'must be on one line')
  if (config.kind !== 'http' && parseMailbox(draft.sender) === undefined) {
    refuse('sender', 'must be one address that mail can come from, such as `Acme <hello@acme.example>`')
  }
  if (config.kind === 'smtp') {
    if (!/^[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?$/.test(config.host)) {
      refuse('smtp.host', 'must be a host name or an IP address')
    }
    if (!(config.port >= 1 && config.port <= 65_535)) refuse('smtp.port', 'must be 1 to 65535')
    if (hasControlCharacters(config.username)) refuse('smtp.username', 'must not have control characters')
    if (secret.includes('\0')) refuse('smtp.password', 'must not hold the character U+0000')
    if (config.username === '' && secret !== '') refuse('smtp.username', 'must be given with a password')
    if (config.username !== '' && secret === '') refuse('smtp.password', 'must be given with a user name')
  }
  if (config.kind === 'http') {
    const problem = checkUrl(config.url, allowPrivate)
    if (problem !== undefined) refuse('http.url', problem)
    if (!/^[\x21-\x7e]*$/.test(secret))
      refuse('http.bearerToken', 'must be visible ASCII characters without spaces')
  }
  return violations
}

/** What a service declares about its fields and its sender. */
function checkService(
  config: Extract<AccountConfig, { kind: 'service' }>,
  { sender, secret }: AccountDraft,
): FieldViolation[] {
  const service = services.get(config.service)
  if (service === undefined) {
    const known = [...services.keys()].sort().join(', ')
    return [violation('service.kind', `is no kind of provider; there are ${known}`)]
  }
  const violations: FieldViolation[] = []
  const secrets = secret === '' ? {} : (JSON.parse(secret) as Record<string, string>)
  for (const [place, given] of [
    ['settings', config.settings],
    ['secrets', secrets],
  ] as const) {
    for (const name of Object.keys(given)) {
      const field = Object.hasOwn(service.fields, name) ? service.fields[name] : undefined
      if (field === undefined)
        violations.push(violation(`service.${place}.${name}`, `is no field of ${service.title}`))
      else if (field.secret !== (place === 'secrets')) {
        const other = field.secret ? 'secrets' : 'settings'
        violations.push(violation(`service.${place}.${name}`, `belongs into ${other}`))
      }
    }
  }
  for (const [name, field] of Object.entries(service.fields)) {
    const path = `service.${field.secret ? 'secrets' : 'settings'}.${name}`
    const value = (field.secret ? secrets : config.settings)[name] ?? ''
    const problem =
      field.secret && value === '' && config.secretNames.includes(name) ? undefined : checkField(field, value)
    if (problem !== undefined) violations.push(violation(path, problem))
  }
  if (!service.isSender(sender))
    violations.push(violation('sender', `must be as ${service.title} takes it: ${service.senderHelp}`))
  return violations
}

function checkField(
  { required, choices, pattern, maxLength = 4096, help }: ServiceField,
  value: string,
): string | undefined {
  if (value === '') return required ? `is required. ${help}` : undefined
  if (value.length > maxLength) return `must be at most ${maxLength} characters`
  if (choices !== undefined && !choices.includes(value)) return `must be one of ${choices.join(', ')}`
  if (pattern !== undefined && !pattern.test(value)) return `does not look right. ${help}`
  return undefined
}

function violation(field: string, description: string): FieldViolation {
  return { field: `providerAccount.${field}`, description }
}

/** Addresses behind names are looked at when connecting (public-addresses.ts): here only what can be said at once. */
function checkUrl(text: string, allowPrivate: boolean): string | undefined {
  if (!URL.canParse(text)) return 'must be a URL'
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https://'
  if (url.protocol === 'http:' && !allowPrivate) {
    return 'must begin with https://, unless NOTIFY_HTTP_ALLOW_PRIVATE is set'
  }
  if (url.username !== '' || url.password !== '')
    return 'must not hold a user name or password; use the bearer token'
  if (url.hash !== '') return 'must not have a fragment (#…)'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) {
    return 'must not be a private address, unless NOTIFY_HTTP_ALLOW_PRIVATE is set'
  }
  return undefined
}

/**
 * Where a secret is sent, and how well protected. A kept secret may only go on to the same place: otherwise whoever may
 * edit an account could read its password by pointing it at a server of their own.
 */
export function destinationOf(config: AccountConfig): string {
  switch (config.kind) {
    case 'sandbox':
      return ''
    case 'smtp':
      return `${config.security} ${config.host.toLowerCase()}:${config.port}`
    case 'http':
      return URL.canParse(config.url) ? new URL(config.url).origin : config.url
    case 'service':
      // A service's origins are its own: nobody can point its secrets elsewhere.
      return config.service
  }
}

/** The field that a caller gives the secret in. */
export function secretField(config: AccountConfig): string {
  if (config.kind === 'service') return 'providerAccount.service.secrets'
  return config.kind === 'http' ? 'providerAccount.http.bearerToken' : 'providerAccount.smtp.password'
}

/** The channels that an account of this kind carries. */
export function channelsOf(config: AccountConfig): readonly ProviderChannel[] {
  switch (config.kind) {
    case 'smtp':
      return ['email']
    case 'service': {
      const service = serviceOf(config)
      return service === undefined ? [] : [service.channel]
    }
    default:
      return PROVIDER_CHANNELS
  }
}

/** The service of an account. Undefined: it is at none, or at one that this version does not know. */
function serviceOf(config: AccountConfig): Service | undefined {
  return config.kind === 'service' ? services.get(config.service) : undefined
}

/** Whether its provider reports what becomes of messages. */
export function reportsOf(config: AccountConfig): boolean {
  return serviceOf(config)?.reports !== undefined
}

/** Whether those reports can be believed with what the account holds: without that they are refused, and never waited for. */
export function believesReports(config: AccountConfig): boolean {
  const service = serviceOf(config)
  if (config.kind !== 'service' || service?.reports === undefined) return false
  return Object.entries(service.fields).every(
    ([name, { forReports }]) =>
      forReports !== true || config.secretNames.includes(name) || (config.settings[name] ?? '') !== '',
  )
}

/** Whether a report can tell what became of a message whose answer was lost: it must name ours. */
export function reportsNameOurs(config: AccountConfig): boolean {
  return believesReports(config) && serviceOf(config)?.reports?.namesItsOwnIdOnly !== true
}
