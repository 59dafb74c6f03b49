/** Millionths of a currency as people write it, with as many digits as there are: `0.0675 USD`. Without a currency, the number. */
export function formatMicros(micros: bigint, currency: string): string {
  const sign = micros < 0n ? '-' : ''
  const absolute = micros < 0n ? -micros : micros
  const whole = (absolute / 1_000_000n).toLocaleString('en-GB')
  const rest = String(absolute % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '')
    .padEnd(2, '0')
  return `${sign}${whole}.${rest}${currency === '' ? '' : ` ${currency}`}`
}

/** The text as millionths; undefined for what is no amount: `50`, `0.0675`. */
export function parseMicros(text: string): bigint | undefined {
  const match = /^(\d{1,9})(?:[.,](\d{1,6}))?$/.exec(text.trim())
  if (!match) return undefined
  return BigInt(match[1] ?? '0') * 1_000_000n + BigInt((match[2] ?? '').padEnd(6, '0'))
}
