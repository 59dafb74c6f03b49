/** Schemes that run what they carry. */
const RUNS = new Set(['javascript:', 'data:', 'vbscript:', 'file:'])

/**
 * What may stand in a link. The server refuses anything else already; this is the second lock, in the page that would run it.
 * Undefined: there is nothing to open.
 */
export function safeHref(url: string): string | undefined {
  if (/^\/(?![/\\])/.test(url)) return url
  if (!URL.canParse(url)) return
  return RUNS.has(new URL(url).protocol) ? undefined : url
}
