import { domainToUnicode } from 'node:url'

const SCRIPTS = [
  ...[
    'Latin',
    'Cyrillic',
    'Greek',
    'Armenian',
    'Hebrew',
    'Arabic',
    'Devanagari',
    'Bengali',
    'Thai',
    'Georgian',
    'Cherokee',
  ],
  ...['Han', 'Hiragana', 'Katakana', 'Hangul', 'Bopomofo'],
].map((name) => ({ name, letter: new RegExp(`\\p{Script=${name}}`, 'u') }))

/** Scripts that are written together (UTS 39 §5.2, highly restrictive). */
const TOGETHER: readonly ReadonlySet<string>[] = [
  new Set(['Latin', 'Han', 'Hiragana', 'Katakana']),
  new Set(['Latin', 'Han', 'Bopomofo']),
  new Set(['Latin', 'Han', 'Hangul']),
]

/**
 * Whether a label of a host, in Punycode, mixes scripts that nobody writes together: `xn--pple-43d.com` is `аpple.com` with a Cyrillic
 * а. A name that is of another script altogether is that script's own, and is not told from its twin.
 */
export function mixesScripts(domain: string): boolean {
  if (!domain.includes('xn--')) return false
  return domainToUnicode(domain)
    .split('.')
    .some((label) => {
      const used = SCRIPTS.filter(({ letter }) => letter.test(label)).map(({ name }) => name)
      return used.length > 1 && !TOGETHER.some((together) => used.every((name) => together.has(name)))
    })
}
