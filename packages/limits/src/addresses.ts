import { isIPv4, isIPv6 } from 'node:net'

/**
 * Whose address it is, for limits: an IPv4 address as it is, of an IPv6 address its /64, since a subscriber has all of one (RFC
 * 6177). IPv4 in IPv6 (`::ffff:192.0.2.1`) is IPv4. What is no address is returned as it is: it has a limit of its own.
 */
export function addressKey(address: string): string {
  const bytes = addressBytes(address)
  if (bytes === undefined) return address
  return bytes.length === 4 ? bytes.join('.') : `${groups(bytes, 4)}::/64`
}

/** The network: of IPv4 the /24, of IPv6 the /48, which is what a site has. */
export function networkKey(address: string): string {
  const bytes = addressBytes(address)
  if (bytes === undefined) return address
  return bytes.length === 4 ? `${bytes.slice(0, 3).join('.')}.0/24` : `${groups(bytes, 3)}::/48`
}

/** 4 or 16 bytes; undefined for what is no address. */
export function addressBytes(address: string): number[] | undefined {
  const bare = address.replace(/%.*$/, '')
  if (isIPv4(bare)) return bare.split('.').map(Number)
  if (!isIPv6(bare)) return
  const [head = '', tail] = bare.split('::')
  const left = toBytes(head)
  const right = tail === undefined ? [] : toBytes(tail)
  const bytes = [...left, ...new Array<number>(16 - left.length - right.length).fill(0), ...right]
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  return isMapped ? bytes.slice(12) : bytes
}

function toBytes(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
}

function groups(bytes: readonly number[], count: number): string {
  return Array.from({ length: count }, (_, at) =>
    (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
  ).join(':')
}
