export type Labels = Readonly<Record<string, string | number>>

/** One combination of label values. `value` is a counter's or gauge's, or a histogram's sum. */
export interface Series {
  readonly values: readonly string[]
  value: number
  count: number
  /** Observations per bucket (not cumulative); the last one is above every bound. */
  readonly buckets: number[]
}

export interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly bounds: readonly number[]
}

/**
 * A metric and its series. More than `MAX_SERIES` combinations of labels means that somebody labels by something
 * unbounded: the surplus is counted in one series whose labels all say `other`, so that memory stays bounded.
 */
export class Family implements Metric {
  readonly kind: Metric['kind']
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly bounds: readonly number[]
  readonly collectors: (() => void)[] = []
  readonly #series = new Map<string, Series>()

  constructor(
    kind: Metric['kind'],
    options: { name: string; help: string; labels?: readonly string[]; buckets?: readonly number[] },
  ) {
    const { name, help, labels = [], buckets = [] } = options
    if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw new TypeError(`"${name}" is no name for a metric`)
    for (const label of labels) {
      if (!/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) || label === 'le') {
        throw new TypeError(`${name}: "${label}" is no name for a label`)
      }
    }
    if (
      buckets.some((bound, index) => !Number.isFinite(bound) || bound <= (buckets[index - 1] ?? -Infinity))
    ) {
      throw new TypeError(`${name}: buckets must rise and be finite`)
    }
    this.kind = kind
    this.name = name
    this.help = help
    this.labels = [...labels]
    this.bounds = [...buckets]
    // A metric without labels shows its zero from the start, so that a rate over it has a beginning.
    if (labels.length === 0) this.series()
  }

  series(labels?: Labels): Series {
    const key = this.#key(labels)
    const existing = this.#series.get(key)
    if (existing !== undefined) return existing
    const full = this.#series.size >= MAX_SERIES
    const values = this.labels.map((label) => (full ? 'other' : String(labels?.[label] ?? '')))
    const place = full ? values.join(SEPARATOR) : key
    let series = this.#series.get(place)
    if (series === undefined) {
      const buckets = this.kind === 'histogram' ? new Array<number>(this.bounds.length + 1).fill(0) : []
      series = { values, value: 0, count: 0, buckets }
      this.#series.set(place, series)
    }
    return series
  }

  find(labels?: Labels): Series | undefined {
    return this.#series.get(this.#key(labels))
  }

  observe(series: Series, value: number): void {
    if (Number.isNaN(value)) return
    let index = 0
    while (index < this.bounds.length && value > (this.bounds[index] as number)) index++
    series.buckets[index] = (series.buckets[index] as number) + 1
    series.count++
    series.value += value
  }

  collect(): void {
    for (const collector of this.collectors) collector()
  }

  all(): Iterable<Series> {
    return this.#series.values()
  }

  #key(labels: Labels | undefined): string {
    const { labels: names } = this
    if (names.length === 0) return ''
    if (names.length === 1) return String(labels?.[names[0] as string] ?? '')
    let key = ''
    for (const name of names) key += `${labels?.[name] ?? ''}${SEPARATOR}`
    return key
  }
}

const MAX_SERIES = 2_000
const SEPARATOR = '\u0001'
