/** A BCP 47 tag as it is written (`PT-br` is `pt-BR`); undefined when it is none. */
export function canonicalLocale(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0]
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/**
 * The locales to look for words in, best first: the one asked for, each that it is a kind of (RFC 4647 §3.4), and the
 * default with its own: `pt-BR`, `pt`, `en`. An unknown or empty tag is the default's chain.
 */
export function localeChain(wanted: string, defaultLocale: string): string[] {
  const asked = wanted === '' ? undefined : canonicalLocale(wanted)
  return [...new Set([...(asked === undefined ? [] : wider(asked)), ...wider(defaultLocale)])]
}

function wider(locale: string): string[] {
  const subtags = locale.split('-')
  const chain: string[] = []
  while (subtags.length > 0) {
    chain.push(subtags.join('-'))
    subtags.pop()
    // A single letter begins an extension and says nothing alone.
    if (subtags.at(-1)?.length === 1) subtags.pop()
  }
  return chain
}
