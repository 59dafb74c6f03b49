import type { PreferenceToken, PreferenceTokens } from './tokens.ts'

/** Addresses of pages that people reach from their mail. */
export interface PreferenceLinks {
  /** The page of a person's preferences, `https://…/preferences/…`. */
  page(token: PreferenceToken): string
  /** Where mail programs unsubscribe by POST (RFC 8058), and people come to the page, `https://…/u/…`. */
  unsubscribe(token: PreferenceToken): string
}

export function createPreferenceLinks(tokens: PreferenceTokens, publicUrl: string): PreferenceLinks {
  const base = publicUrl.replace(/\/+$/, '')
  return {
    page: (token) => `${base}/preferences/${tokens.write(token)}`,
    unsubscribe: (token) => `${base}/u/${tokens.write(token)}`,
  }
}
