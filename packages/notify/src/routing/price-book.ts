/** What one account takes for messages somewhere, in millionths of the project's currency. */
export interface PriceRow {
  /** uuid */
  account: string
  /** ISO 3166-1 alpha-2; empty: any. */
  country: string
  /** `+1415`; empty: none. */
  prefix: string
  /** For one message, or one segment where the provider counts those. */
  micros: number
}

/** The prices of a project, ready to be asked for every message. */
export interface PriceBook {
  readonly isEmpty: boolean
  /**
   * The price of one unit: the row with the longest prefix of the number, else its country's, else the account's row for
   * everything else. Undefined: nobody has said.
   */
  find(account: string, to: string, country: string | undefined): number | undefined
  /** The highest of all accounts' prices of one unit. Undefined: nobody has said. */
  dearest(to: string, country: string | undefined): number | undefined
}

export const NO_PRICES: PriceBook = {
  isEmpty: true,
  find: () => undefined,
  dearest: () => undefined,
}

export function createPriceBook(rows: readonly PriceRow[]): PriceBook {
  if (rows.length === 0) return NO_PRICES
  const accounts = new Map<string, AccountPrices>()
  for (const { account, country, prefix, micros } of rows) {
    let prices = accounts.get(account)
    if (prices === undefined) {
      prices = { prefixes: new Map(), longest: 0, countries: new Map(), otherwise: undefined }
      accounts.set(account, prices)
    }
    if (prefix !== '') {
      prices.prefixes.set(prefix, micros)
      prices.longest = Math.max(prices.longest, prefix.length)
    } else if (country !== '') prices.countries.set(country, micros)
    else prices.otherwise = micros
  }
  const book: PriceBook = {
    isEmpty: false,
    dearest(to, country) {
      let highest: number | undefined
      for (const account of accounts.keys()) {
        const price = book.find(account, to, country)
        if (price !== undefined && (highest === undefined || price > highest)) highest = price
      }
      return highest
    },
    find(account, to, country) {
      const prices = accounts.get(account)
      if (prices === undefined) return undefined
      if (to.startsWith('+')) {
        for (let length = Math.min(prices.longest, to.length); length > 1; length--) {
          const micros = prices.prefixes.get(to.slice(0, length))
          if (micros !== undefined) return micros
        }
      }
      return (country === undefined ? undefined : prices.countries.get(country)) ?? prices.otherwise
    },
  }
  return book
}

interface AccountPrices {
  prefixes: Map<string, number>
  longest: number
  countries: Map<string, number>
  otherwise: number | undefined
}
