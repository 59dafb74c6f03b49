import { serviceConfig } from '../provider-accounts/clients.ts'
import type { HttpRequest } from './http-sender.ts'
import type { Outgoing } from './outgoing.ts'
import type { Service } from './service.ts'

/**
 * Not one of the bytes that were sent is kept: what an attempt asked its provider is written again when somebody reads it, from
 * what is stored anyway. It costs the way of a message nothing, and shows what the account's settings make of it now.
 *
 * No secret can be in it: the request is made with a mask in the place of each, and headers that authorise are left out of sight
 * whatever they hold. Codes and what links lead to are masked before, since whoever may read a timeline may not sign in with it.
 */
const MASK = '••••••'

/** Longer requests are cut. */
const MAX_CHARACTERS = 4_000

/** The request of a service, as HTTP; undefined where it cannot be made without the account's secrets. */
export async function viewServiceRequest(
  service: Service,
  settings: Readonly<Record<string, string>>,
  message: Outgoing,
): Promise<string | undefined> {
  const secrets = Object.entries(service.fields).filter(([, field]) => field.secret)
  const masked = serviceConfig(service, settings, Object.fromEntries(secrets.map(([name]) => [name, MASK])))
  try {
    const request = await service.request(maskWords(message) as never, masked, {
      nowMs: () => Date.now(),
      allowPrivate: false,
      call: () => Promise.reject(new Error('nothing is called to look at a request')),
    })
    return 'result' in request ? undefined : viewHttp(request)
  } catch {
    // A key that signs, or a token that is fetched first: there is nothing to show but what the answer tells.
    return undefined
  }
}

/** The request to an endpoint of the project's own. */
export function viewEndpointRequest(url: string, message: Outgoing): string {
  const { projectId: _project, traceparent: _trace, reportUrl: _report, ...rest } = maskWords(message)
  const headers = { 'content-type': 'application/json', 'idempotency-key': message.messageId }
  return viewHttp({ method: 'POST', url, headers, body: JSON.stringify(rest) })
}

/** What a mail server is told. */
export function viewMail(message: Outgoing): string {
  const masked = maskWords(message)
  if (masked.channel !== 'email') return cut(JSON.stringify(masked, undefined, 2))
  const files = (masked.attachments ?? []).map(
    ({ fileName, contentType }) => `File: ${fileName} (${contentType})`,
  )
  return cut(
    [
      `MAIL FROM: ${masked.from}`,
      `RCPT TO: ${masked.to}`,
      `Subject: ${masked.subject}`,
      ...Object.entries(masked.headers).map(([name, value]) => `${name}: ${value}`),
      ...files,
      '',
      masked.text === '' ? masked.html : masked.text,
    ].join('\n'),
  )
}

function viewHttp({ method, url, headers, body }: HttpRequest): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${isCredential(name) ? MASK : value}`,
  )
  const text = typeof body === 'string' ? body : body === undefined ? '' : `(${body.length} bytes)`
  return cut([`${method} ${url}`, ...lines, '', readable(text)].join('\n'))
}

/** A form or JSON as people read it. */
function readable(body: string): string {
  if (body.startsWith('{') || body.startsWith('[')) {
    try {
      return JSON.stringify(JSON.parse(body), undefined, 2)
    } catch {
      return body
    }
  }
  if (!/^[\w.%~-]+=/.test(body)) return body
  return [...new URLSearchParams(body)].map(([name, value]) => `${name}=${value}`).join('\n')
}

function isCredential(name: string): boolean {
  return /auth|key|token|secret|signature|password|cookie/i.test(name) && !/^idempotency-key$/i.test(name)
}

function cut(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS - 1)}…` : text
}

/** Fields that are ids, addresses and enumerations of ours. */
const PLAIN = new Set([
  'channel',
  'class',
  'messageId',
  'notificationId',
  'projectId',
  'from',
  'to',
  'traceparent',
  'reportUrl',
  'type',
  'template',
  'language',
  'contentType',
  'contentId',
  'collapseKey',
])

/** The message without codes and without what its links carry; its files are named and left out. */
function maskWords<T extends Outgoing>(message: T): T {
  return maskIn(message, '') as T
}

function maskIn(value: unknown, name: string): unknown {
  if (name === 'secret') return value === '' ? '' : MASK
  if (typeof value === 'string') return PLAIN.has(name) ? value : maskText(value)
  if (Buffer.isBuffer(value)) return Buffer.alloc(0)
  if (Array.isArray(value)) return value.map((item) => maskIn(item, name))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskIn(item, key)]))
}

/** Four digits or more in a row, which a code may be, spaced or hyphenated as well; and what comes after a link's host. */
export function maskText(text: string): string {
  return text
    .replace(/\b(https?:\/\/[^\s/?#"'<>]+)[/?#][^\s"'<>]+/gi, `$1/${MASK}`)
    .replace(/\d(?:[ -]?\d){3,}/g, MASK)
}
