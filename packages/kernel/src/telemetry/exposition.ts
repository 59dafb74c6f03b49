import type { Family, Series } from './metric-family.ts'

/** The Content-Type that goes with `metrics.render()`. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Prometheus text exposition format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
 */
export function renderFamilies(families: Iterable<Family>): string {
  let text = ''
  for (const family of families) {
    family.collect()
    text += `# HELP ${family.name} ${escapeHelp(family.help)}\n# TYPE ${family.name} ${family.kind}\n`
    for (const series of family.all()) {
      text += family.kind === 'histogram' ? renderHistogram(family, series) : renderValue(family, series)
    }
  }
  return text
}

function renderValue({ name, labels }: Family, { values, value }: Series): string {
  return `${name}${renderLabels(labels, values)} ${formatNumber(value)}\n`
}

/** Buckets are cumulative on the wire, and the one without bound equals the count. */
function renderHistogram(
  { name, labels, bounds }: Family,
  { values, value, count, buckets }: Series,
): string {
  let text = ''
  let below = 0
  const withBound = [...labels, 'le']
  for (const [index, inBucket] of buckets.entries()) {
    below += inBucket
    const bound = bounds[index] ?? Number.POSITIVE_INFINITY
    text += `${name}_bucket${renderLabels(withBound, [...values, formatNumber(bound)])} ${below}\n`
  }
  const own = renderLabels(labels, values)
  return `${text}${name}_sum${own} ${formatNumber(value)}\n${name}_count${own} ${count}\n`
}

function renderLabels(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return ''
  return `{${names.map((name, index) => `${name}="${escapeLabel(values[index] ?? '')}"`).join(',')}}`
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"')
}

function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}
