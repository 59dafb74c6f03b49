import { domainToASCII } from 'node:url'
import addressparser from 'nodemailer/lib/addressparser'

/** One sender or recipient: the bare address, safe to put into an SMTP command, and the name people read. */
export interface Mailbox {
  address: string
  name: string
}

/**
 * Reads `Acme <hello@acme.example>` or `hello@acme.example`: exactly one mailbox, no groups, no comments that
 * vanish. Undefined when it is anything else, or holds a control character (header injection).
 */
export function parseMailbox(text: string): Mailbox | undefined {
  if (text.length > 320 || hasControlCharacters(text)) return undefined
  const parsed = addressparser(text)
  const [only] = parsed
  if (parsed.length !== 1 || only === undefined || !('address' in only) || only.address === undefined) return
  const address = normaliseAddress(only.address)
  return address === undefined ? undefined : { address, name: only.name ?? '' }
}

/** The mailbox as a `From` header writes it (RFC 5322 §3.4), the name in quotes where it has to be. */
export function formatMailbox({ name, address }: Mailbox): string {
  if (name === '') return address
  return `${/[^\p{L}\p{N} '_-]/u.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name} <${address}>`
}

/**
 * The address as SMTP commands carry it, or undefined when it is none.
 *
 * Domains outside ASCII are written in Punycode (RFC 5891), which every server takes. Local parts outside ASCII would
 * need SMTPUTF8 (RFC 6531) along the whole way, and a server that lacks it would bounce them late or mangle them, so
 * they are refused here. Quoted local parts (`"a b"@x`) are refused as well: nobody has one, and they are how
 * addresses are smuggled past parsers.
 */
export function normaliseAddress(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  if (at < 1 || local.length > 64 || !LOCAL_PART.test(local)) return undefined
  const host = address.slice(at + 1)
  const domain = PLAIN_HOST.test(host) ? host : domainToASCII(host)
  if (domain === '' || domain.length > 253 || !DOMAIN.test(domain)) return undefined
  return `${local}@${domain}`
}

/** True when a header made of this text could end early and begin another. */
export function hasControlCharacters(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
  return /[\u0000-\u001f\u007f\u2028\u2029]/.test(text)
}

/** RFC 5322 §3.2.3 dot-atom. */
const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i
/**
 * Hosts that Punycode leaves as they are. A label that begins with a digit may be an IPv4 address in some spelling, and one
 * that begins with `xn--` may hold what is not allowed: those are looked at closely.
 */
const PLAIN_HOST = /^(?!xn--)[a-z][a-z0-9-]*(?:\.(?!xn--)[a-z][a-z0-9-]*)*$/
/** RFC 1123 §2.1 host names; a single label (`localhost`) is allowed. */
const DOMAIN = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i
