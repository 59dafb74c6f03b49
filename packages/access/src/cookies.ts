/** How the session cookie is written. */
export interface CookieOptions {
  /** True where browsers reach us over https. */
  secure: boolean
  /** The session's absolute end; the server decides earlier when it is idle. */
  expireTime: Date
}

/**
 * The `Set-Cookie` of a session. HttpOnly: no script reads it. SameSite=Strict: no other site's request carries it.
 * Over https it has the `__Host-` prefix (RFC 6265bis §4.1.3.2): browsers then refuse one set by a sibling domain or
 * over http, which closes session fixation from there. Without https there is no such defence: browsers share plain
 * cookies between the ports of one host.
 */
export function sessionCookie(token: string, options: CookieOptions): string {
  return write(token, options.secure, `Expires=${options.expireTime.toUTCString()}`)
}

/** Makes a browser forget the session, under both names. */
export function clearedSessionCookies(): string[] {
  return [write('', false, 'Max-Age=0'), write('', true, 'Max-Age=0')]
}

/**
 * The session token in a `Cookie` header. Undefined when there is none.
 *
 * `__Host-` wins over the plain name, which is not looked at when `secureOnly`. Two different values under one name
 * mean that somebody planted one; which one a browser puts first is theirs to arrange, so neither is taken.
 */
export function readSessionToken(header: string | undefined, secureOnly: boolean): string | undefined {
  if (header === undefined) return
  const secured = valuesOf(header, SECURE_NAME)
  const values = secured.length > 0 || secureOnly ? secured : valuesOf(header, PLAIN_NAME)
  const first = values[0]
  return values.every((value) => value === first) ? first : AMBIGUOUS
}

/** No token is ever equal to this: the session is refused, not treated as absent. */
const AMBIGUOUS = ''
const PLAIN_NAME = 'mainstay_session'
const SECURE_NAME = `__Host-${PLAIN_NAME}`

function write(value: string, secure: boolean, end: string): string {
  const name = secure ? SECURE_NAME : PLAIN_NAME
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; ${secure ? 'Secure; ' : ''}${end}`
}

function valuesOf(header: string, name: string): string[] {
  return header
    .split(/[;,]/)
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
}
