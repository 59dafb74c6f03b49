/**
 * Whether granted scopes allow one: the same scope, its capability's `notify:*`, or `*`. Also tells whether a grant
 * covers another grant: `notify:*` is only covered by itself or `*`.
 */
export function scopesAllow(granted: ReadonlySet<string>, wanted: string): boolean {
  if (granted.has(wanted) || granted.has('*')) return true
  const colon = wanted.indexOf(':')
  return colon > 0 && granted.has(`${wanted.slice(0, colon)}:*`)
}

/** Whether granted permissions allow one: the same, its capability's `notify.*`, or `*`. Nothing else, ever. */
export function permissionsAllow(granted: ReadonlySet<string>, needed: string): boolean {
  if (needed === '') return false
  if (granted.has(needed) || granted.has('*')) return true
  const dot = needed.indexOf('.')
  return dot > 0 && granted.has(`${needed.slice(0, dot)}.*`)
}
