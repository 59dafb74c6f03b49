import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net'

/**
 * True for addresses that anybody on the internet could reach: not loopback, private, link-local (which hides the
 * metadata services of clouds), shared, documentation, multicast or reserved ones. From IANA's special-purpose address
 * registries (RFC 6890). IPv6 forms that carry an IPv4 address are judged by that address.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !SPECIAL_IPV4.check(address, 'ipv4')
  if (isIP(address) !== 6) return false
  const groups = expandIPv6(address)
  if (groups === undefined) return false
  if (isMapped(groups) || isNat64(groups)) return isPublicAddress(lastAsIPv4(groups))
  // Only 2000::/3 is given out at all.
  return ((groups[0] ?? 0) & 0xe000) === 0x2000 && !SPECIAL_IPV6.check(address, 'ipv6')
}

/** What a connection is refused with when its name or address is not public. */
export class PrivateAddressError extends Error {
  readonly code = 'EPRIVATE'

  constructor(host: string) {
    super(`${host} is a private address; NOTIFY_HTTP_ALLOW_PRIVATE=true allows it`)
  }
}

/**
 * Resolves names like `dns.lookup` and gives out public addresses only. It runs at every connection, so that a name
 * which changes its address after it was checked (DNS rebinding) gains nothing.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  const all: LookupOptions & { all: true } = { ...options, all: true }
  lookup(hostname, all, (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => {
    if (error) return callback(error, [])
    const allowed = found.filter(({ address }) => isPublicAddress(address))
    const [first] = allowed
    if (first === undefined) return callback(new PrivateAddressError(hostname), [])
    if (options.all) callback(null, allowed)
    else callback(null, first.address, first.family)
  })
}

const SPECIAL_IPV4 = blockList('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
])

/** Within 2000::/3: protocol assignments with Teredo, documentation, 6to4. */
const SPECIAL_IPV6 = blockList('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
])

function blockList(family: 'ipv4' | 'ipv6', ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family)
  return list
}

/** The eight groups of an IPv6 address; undefined for one with a zone, which is never public. */
function expandIPv6(address: string): number[] | undefined {
  if (address.includes('%')) return undefined
  // The URL parser writes every form (`::ffff:1.2.3.4` too) as compressed hexadecimal groups.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const left = parse(head)
  const right = tail === undefined ? [] : parse(tail)
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}

/** ::ffff:0:0/96 (RFC 4291 §2.5.5.2). */
function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
}

/** 64:ff9b::/96 (RFC 6052): how IPv6-only networks reach IPv4. */
function isNat64(groups: readonly number[]): boolean {
  return groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((group) => group === 0)
}

function lastAsIPv4(groups: readonly number[]): string {
  const [high = 0, low = 0] = groups.slice(6)
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}
