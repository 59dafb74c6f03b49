/** The request headers that say which site a browser is calling for. */
export interface OriginFacts {
  secFetchSite: string | undefined
  origin: string | undefined
  host: string | undefined
}

/**
 * Whether a request that carries a session cookie comes from our own pages.
 *
 * SameSite=Strict already keeps the cookie out of other sites' requests; this is the second lock, for browsers
 * without it and for sibling subdomains and ports, which count as the same site. Browsers write both headers
 * themselves, so that no page can forge them:
 * - `Sec-Fetch-Site` (W3C Fetch Metadata): `same-origin`, or `none` for what a person typed or bookmarked.
 * - `Origin` (RFC 6454) where the first is missing, as over plain http: ours, compared with `publicUrl` when set,
 *   else with the host that was called.
 * - Neither: only a call that changes nothing, since browsers send `Origin` with everything but GET and HEAD.
 */
export function isSameOrigin(
  facts: OriginFacts,
  publicUrl: string | undefined,
  changesNothing: boolean,
): boolean {
  const { secFetchSite, origin, host } = facts
  if (secFetchSite !== undefined) return secFetchSite === 'same-origin' || secFetchSite === 'none'
  if (origin === undefined) return changesNothing
  const called = URL.parse(origin) // null for `null`, the origin of sandboxed frames and local files
  if (called === null) return false
  if (publicUrl !== undefined) return called.origin === new URL(publicUrl).origin
  return host !== undefined && called.host === host.toLowerCase()
}
