import type { FieldViolation } from '@mainstay/kernel'
import type { ProviderSemantics } from '../providers/adapter.ts'
import { isCountry } from './countries.ts'

/** What people decide about an account's part in routing. Everything may be left out. */
export interface AccountRouting {
  /** Messages a second of all workers together; 0: no limit. Default: what the provider documents for a new account. */
  messagesPerSecond?: number
  /**
   * Its share among accounts of the same priority: with one weight above 0, weights decide between them and prices do
   * not. Default 0.
   */
  weight?: number
  /** ISO 3166-1 alpha-2: the countries whose numbers it serves. Empty or absent: all. */
  countries?: readonly string[]
  /** It gets no new messages, for as long as it is maintained. */
  drained?: boolean
}

/** Messages a second that all workers together may hand to an account; 0: as many as they like. */
export function limitOf(account: { routing?: AccountRouting; semantics: ProviderSemantics }): number {
  return account.routing?.messagesPerSecond ?? account.semantics.messagesPerSecond
}

/** What the contract's own rules cannot say, with paths as requests have them. */
export function checkRouting({ countries = [] }: AccountRouting): FieldViolation[] {
  return countries.flatMap((country, index) =>
    isCountry(country)
      ? []
      : [
          {
            field: `providerAccount.routing.countries[${index}]`,
            description: 'must be a country as ISO 3166-1 alpha-2 has it, such as `DE`',
          },
        ],
  )
}
