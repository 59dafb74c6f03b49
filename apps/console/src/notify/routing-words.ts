import type { DeliveryRate, Price, SpendCap } from '@mainstay/proto/notify/v1/routing'
import { channelNamed, channelWord } from './channels.ts'

/** `SMS to DE`, `All messages`: what a cap or a pin is about. */
export function scopeWords({ channel, country }: { channel: string; country: string }): string {
  const what = channel === '' ? 'All messages' : channelWord(channelNamed(channel))
  return country === '' ? what : `${what} to ${country}`
}

/** How much of a cap is used, in percent, rounded down: 100 only when nothing is left. */
export function percentSpent({ spentMicros, dailyLimitMicros }: SpendCap): number {
  return dailyLimitMicros === 0n ? 100 : Number((spentMicros * 100n) / dailyLimitMicros)
}

/** Sums of the countries' rates. */
export function sumRates(rates: readonly DeliveryRate[]) {
  const sum = { accepted: 0, delivered: 0, codes: 0, converted: 0 }
  for (const rate of rates) {
    sum.accepted += Number(rate.acceptedCount)
    sum.delivered += Number(rate.deliveredCount)
    sum.codes += Number(rate.codeCount)
    sum.converted += Number(rate.convertedCount)
  }
  return sum
}

/**
 * What the accepted messages of 24 hours cost about: by country, at a segment each. Undefined where the account has no price.
 * Prices of single prefixes are left out: how many went where is not counted so finely.
 */
export function estimateSpend(rates: readonly DeliveryRate[], prices: readonly Price[]): bigint | undefined {
  const byCountry = new Map(
    prices.filter(({ prefix }) => prefix === '').map(({ country, priceMicros }) => [country, priceMicros]),
  )
  if (byCountry.size === 0) return undefined
  return rates.reduce(
    (sum, { country, acceptedCount }) =>
      sum + acceptedCount * (byCountry.get(country) ?? byCountry.get('') ?? 0n),
    0n,
  )
}

/** The lowest and the highest price; undefined without one. */
export function priceRange(prices: readonly Price[]): { least: bigint; most: bigint } | undefined {
  const sorted = prices.map(({ priceMicros }) => priceMicros).toSorted((a, b) => Number(a - b))
  const [least] = sorted
  const most = sorted.at(-1)
  return least === undefined || most === undefined ? undefined : { least, most }
}
