/** What a rule does when it fires. `record` writes down what it would have done, and does nothing. */
export type RuleMode = 'off' | 'record' | 'enforce'
export type RuleAction = 'challenge' | 'deny'

export interface Rule {
  mode: RuleMode
  action: RuleAction
  /** How many, in the rule's own unit; see each rule. */
  threshold: number
}

/** The rules of a project, by name. */
export interface OtpRules {
  /** Codes to one recipient in an hour; each device of the recipient's own counts for itself, so that nobody keeps them out. */
  recipient: Rule
  /** The same, beyond which a proof helps no more. */
  recipientMost: Rule
  /** Codes that one device asks for in an hour. */
  device: Rule
  /** Codes that one address (IPv6: /64) asks for in an hour. */
  address: Rule
  /** Codes that one network (IPv4: /24, IPv6: /48) asks for in an hour. */
  network: Rule
  /** Different countries that one address asks for in an hour. */
  countriesPerAddress: Rule
  /**
   * Unverified codes to one country in an hour, at the least; the rule fires above the greater of this and a fifth of what the
   * country verified in a day.
   */
  unverifiedCountry: Rule
  /** The same for numbers with the same first seven digits. */
  unverifiedPrefix: Rule
  /** Different numbers of one block of a hundred in an hour. */
  adjacentNumbers: Rule
  /** Millionths of the project's currency that codes to one country may cost a kind in an hour. */
  spendPerHour: Rule
  /** The same in a day. */
  spendPerDay: Rule
  /** ISO 3166-1 alpha-2. When it is not empty, codes go nowhere else. */
  allowedCountries: readonly string[]
  deniedCountries: readonly string[]
  /** `+4917`: of an allowed and a denied prefix the longer holds; an allowed one outweighs denied countries. */
  allowedPrefixes: readonly string[]
  deniedPrefixes: readonly string[]
}

export type RuleName = Exclude<
  keyof OtpRules,
  'allowedCountries' | 'deniedCountries' | 'allowedPrefixes' | 'deniedPrefixes'
>

export const RULE_NAMES = [
  'recipient',
  'recipientMost',
  'device',
  'address',
  'network',
  'countriesPerAddress',
  'unverifiedCountry',
  'unverifiedPrefix',
  'adjacentNumbers',
  'spendPerHour',
  'spendPerDay',
] as const satisfies readonly RuleName[]

const enforce = (action: RuleAction, threshold: number): Rule => ({ mode: 'enforce', action, threshold })
const record = (action: RuleAction, threshold: number): Rule => ({ mode: 'record', action, threshold })

/**
 * What holds before anybody has said anything: the hard limits and the budget are enforced; what goes by ratios and patterns is
 * recorded, so that a project sees what it would have done to its own people first. The ratios are as in Authgear's published
 * design for SMS pumping: max(20, 20 %).
 */
export const DEFAULT_RULES: OtpRules = {
  recipient: enforce('challenge', 10),
  recipientMost: enforce('deny', 30),
  device: record('challenge', 20),
  address: enforce('challenge', 60),
  network: record('challenge', 500),
  countriesPerAddress: record('challenge', 3),
  unverifiedCountry: record('challenge', 20),
  unverifiedPrefix: record('challenge', 20),
  adjacentNumbers: record('challenge', 5),
  spendPerHour: enforce('deny', 50_000_000),
  spendPerDay: enforce('deny', 200_000_000),
  allowedCountries: [],
  deniedCountries: [],
  allowedPrefixes: [],
  deniedPrefixes: [],
}

/** What the lists say of a number: `refused`, `trusted` (an allowed prefix), or nothing. */
export function readLists(
  rules: OtpRules,
  { e164, country }: { e164: string | undefined; country: string | undefined },
): 'refused' | 'trusted' | undefined {
  if (e164 === undefined) return
  const longest = (prefixes: readonly string[]): number =>
    Math.max(-1, ...prefixes.filter((prefix) => e164.startsWith(prefix)).map(({ length }) => length))
  const allowed = longest(rules.allowedPrefixes)
  const denied = longest(rules.deniedPrefixes)
  if (denied > allowed) return 'refused'
  if (allowed >= 0) return 'trusted'
  if (country === undefined) return rules.allowedCountries.length > 0 ? 'refused' : undefined
  if (rules.deniedCountries.includes(country)) return 'refused'
  if (rules.allowedCountries.length > 0 && !rules.allowedCountries.includes(country)) return 'refused'
  return undefined
}

/** Unverified codes from which on a place is taken to be pumped: max(least, 20 % of what it verified in a day). */
export function unverifiedThreshold(least: number, verifiedInADay: number): number {
  return Math.max(least, verifiedInADay * 0.2)
}
