import type { MessageInitShape } from '@bufbuild/protobuf'
import { type ProviderAccount, type ProviderAccountSchema, SmtpSecurity } from '@mainstay/proto/notify/v1'
import type { ProviderChoice } from './provider-choices.ts'

/** The form of a provider account: flat, with the fields of every kind. */
export interface ProviderFields {
  kind: 'smtp' | 'http' | 'sandbox' | 'service'
  displayName: string
  sender: string
  test: boolean
  priority: number
  host: string
  port: number
  security: SmtpSecurity
  username: string
  password: string
  maxConnections: number
  url: string
  bearerToken: string
  /** A kind of `ListProviderKinds`. */
  serviceKind: string
  settings: Record<string, string>
  secrets: Record<string, string>
}

const blank: ProviderFields = {
  kind: 'smtp',
  displayName: '',
  sender: '',
  test: false,
  priority: 100,
  host: '',
  port: 587,
  security: SmtpSecurity.STARTTLS,
  username: '',
  password: '',
  maxConnections: 5,
  url: '',
  bearerToken: '',
  serviceKind: '',
  settings: {},
  secrets: {},
}

/** A new account of a choice, with what its kind takes when nothing is said. */
export function fieldsOf({ slug, title, service }: ProviderChoice, test: boolean): ProviderFields {
  if (slug === 'smtp' || slug === 'http') return { ...blank, kind: slug, test }
  const choices = service?.fields.flatMap(({ name, choices: [first] }) => (first ? [[name, first]] : []))
  return {
    ...blank,
    kind: 'service',
    displayName: title,
    test,
    serviceKind: slug,
    settings: Object.fromEntries(choices ?? []),
  }
}

/** An account as the form shows it. Secrets are never in an answer, so they start empty. */
export function toFields(account: ProviderAccount): ProviderFields {
  const { displayName, sender, test, priority, config } = account
  const shared = { ...blank, displayName, sender, test, priority, kind: config.case ?? 'sandbox' }
  if (config.case === 'smtp') {
    const { host, port, security, username, maxConnections } = config.value
    return { ...shared, host, port, security, username, maxConnections: maxConnections || 5 }
  }
  if (config.case === 'http') return { ...shared, url: config.value.url }
  if (config.case === 'service') {
    return { ...shared, serviceKind: config.value.kind, settings: config.value.settings }
  }
  return shared
}

/** The form as the API takes it. An empty secret keeps the one that is stored. */
export function toAccount(fields: ProviderFields): MessageInitShape<typeof ProviderAccountSchema> {
  const { displayName, sender, test, priority } = fields
  const shared = { displayName: displayName.trim(), sender: sender.trim(), test, priority }
  if (fields.kind === 'smtp') {
    const { host, port, security, username, password, maxConnections } = fields
    return {
      ...shared,
      config: {
        case: 'smtp',
        value: { host: host.trim(), port, security, username, password, maxConnections },
      },
    }
  }
  if (fields.kind === 'http') {
    const { url, bearerToken } = fields
    return { ...shared, config: { case: 'http', value: { url: url.trim(), bearerToken } } }
  }
  if (fields.kind === 'service') {
    const { serviceKind: kind, settings, secrets } = fields
    return {
      ...shared,
      config: { case: 'service', value: { kind, settings: filled(settings), secrets: filled(secrets) } },
    }
  }
  return { ...shared, test: true, config: { case: 'sandbox', value: {} } }
}

function filled(values: Record<string, string>): Record<string, string> {
  const trimmed = Object.entries(values).map(([name, value]) => [name, (value ?? '').trim()] as const)
  return Object.fromEntries(trimmed.filter(([, value]) => value !== ''))
}
