/**
 * What may not reach a log line, whatever the code that logs it does.
 *
 * Two layers. A walker replaces the values of fields whose *name* says secret, at any depth: pino's own wildcard paths
 * leak silently below the depth they name (pino #1708) and cost 18 µs a line at depth 3, a walker 2.4 µs. And
 * `maskSecrets` masks what *looks* like a secret anywhere in the finished line: our keys, bearer tokens, passwords in URLs.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? value.toString() : value
  if (value instanceof Error) return describeError(value)
  if (value instanceof Date) return value
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (depth >= MAX_DEPTH) return '[too deep to log]'
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((item) => redact(item, depth + 1))
    if (value.length > MAX_ITEMS) items.push(`[${value.length - MAX_ITEMS} more]`)
    return items
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return redact(value.toJSON(), depth + 1)
  if (value instanceof Map) return redact(Object.fromEntries(value), depth + 1)
  if (value instanceof Set) return redact([...value], depth + 1)
  return redactFields(value as Record<string, unknown>, depth)
}

/** The fields of one object; always a copy, so that what is logged is what was passed. */
export function redactFields(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
  const safe: Record<string, unknown> = {}
  for (const key in fields) {
    const value = fields[key]
    if (value === undefined) continue
    safe[key] = isSecretName(key) && value !== null ? REDACTED : redact(value, depth + 1)
  }
  return safe
}

/** Masks secrets by their looks, in any text: `msk_live_…`, `Bearer …`, `postgresql://user:…@host`. */
export function maskSecrets(text: string): string {
  if (!/msk_|bearer |:\/\//i.test(text)) return text
  return text
    .replace(/\bmsk_(live|test)_[A-Za-z0-9_-]+/g, 'msk_$1_…')
    .replace(/\b(bearer) +[A-Za-z0-9\-._~+/]+=*/gi, '$1 …')
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@"\\]*):[^\s/@"\\]+@/gi, '$1:…@')
}

/**
 * An error as a plain object: type, message, stack, codes and the chain of causes. Fields of the driver that quote rows
 * (`detail`, `where`) are left out, since rows hold personal data; table, column and constraint names stay.
 */
export function describeError(error: Error, depth = 0): Record<string, unknown> {
  const described: Record<string, unknown> = { type: error.name, message: error.message }
  for (const field of ERROR_FIELDS) {
    const value = (error as unknown as Record<string, unknown>)[field]
    if (typeof value === 'string' || typeof value === 'number') described[field] = value
  }
  described.stack = error.stack
  if (error.cause !== undefined) {
    if (depth >= MAX_CAUSES) described.cause = '[more causes]'
    else
      described.cause =
        error.cause instanceof Error ? describeError(error.cause, depth + 1) : redact(error.cause)
  }
  if (error instanceof AggregateError) {
    described.errors = error.errors.slice(0, MAX_CAUSES).map((inner) => redact(inner, 1))
  }
  return described
}

const REDACTED = '[redacted]'
const MAX_DEPTH = 8
const MAX_ITEMS = 100
const MAX_CAUSES = 5
const ERROR_FIELDS = [
  'code',
  'reason',
  'errno',
  'syscall',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
]

/** Compared without case, dashes and underscores: `Set-Cookie`, `apiKey` and `api_key` are each one entry. */
const SECRET_NAMES = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'password',
  'passwd',
  'passphrase',
  'secret',
  'clientsecret',
  'token',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'apikey',
  'xapikey',
  'privatekey',
  'credentials',
  'connectionstring',
  'databaseurl',
])

const known = new Map<string, boolean>()

function isSecretName(name: string): boolean {
  const answer = known.get(name)
  if (answer !== undefined) return answer
  const plain = name.toLowerCase().replace(/[-_]/g, '')
  const secret = SECRET_NAMES.has(plain) || plain.endsWith('password') || plain.endsWith('secret')
  // Names come from code, but an object with data for keys must not grow this without end.
  if (known.size < 5_000) known.set(name, secret)
  return secret
}
