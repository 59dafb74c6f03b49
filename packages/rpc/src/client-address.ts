import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

/** What is asked of a request; of HTTP/1.1 and HTTP/2 alike. */
export interface AddressedRequest {
  readonly headers: IncomingHttpHeaders
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/**
 * The caller's address: that of the connection, or with `trustedProxies` in front of us, what the outermost of them saw.
 *
 * Each proxy adds whom it heard from to the right of `X-Forwarded-For`, so only as many entries from the right as there are
 * proxies of ours are believed; everything left of those is the caller's own text (CWE-348). IPv4 in IPv6 is written as IPv4,
 * and ports are left out. An entry that is no address makes what it says unknown: the next to the right is taken, which a proxy
 * of ours has seen.
 */
export function clientAddressOf({ headers, socket }: AddressedRequest, trustedProxies: number): string {
  const direct = bareAddress(socket.remoteAddress ?? '') ?? ''
  if (trustedProxies === 0) return direct
  const header = headers['x-forwarded-for']
  const entries = (Array.isArray(header) ? header.join(',') : (header ?? ''))
    .split(',')
    .filter((entry) => entry.trim() !== '')
  let found = direct
  for (let hop = 1; hop <= Math.min(trustedProxies, entries.length); hop++) {
    const address = bareAddress(entries[entries.length - hop]?.trim() ?? '')
    if (address === undefined) break
    found = address
  }
  return found
}

/** `192.0.2.1`, of `::ffff:192.0.2.1`, `192.0.2.1:80` or `[2001:db8::1]:80`; undefined for what is no address. */
function bareAddress(text: string): string | undefined {
  const inBrackets = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1]
  const withPort = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(text)?.[1]
  const bare = (inBrackets ?? withPort ?? text).replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(bare) === 0 ? undefined : bare
}
