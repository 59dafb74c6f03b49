const whole = new Intl.NumberFormat('en-GB')
const compact = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat('en-GB', { style: 'percent', maximumFractionDigits: 1 })

/** `48,211`. */
export function formatCount(count: number | bigint): string {
  return whole.format(count)
}

/** `48.2k` from 10,000 on; whole below. */
export function formatCompact(count: number): string {
  return count < 10_000 ? whole.format(count) : compact.format(count)
}

/** `0.6%`; a rate that is not zero never reads as zero. */
export function formatShare(part: number, total: number): string {
  if (total === 0) return '–'
  const share = part / total
  return share > 0 && share < 0.001 ? '<0.1%' : percent.format(share)
}

/** `2.1 KB`, in powers of 1,024. */
export function formatBytes(bytes: number | bigint): string {
  let size = Number(bytes)
  if (size < 1024) return `${size} B`
  for (const unit of ['KB', 'MB', 'GB']) {
    size /= 1024
    if (size < 1024) return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`
  }
  return `${(size / 1024).toFixed(1)} TB`
}
