import { cpus, totalmem } from 'node:os'

export interface BenchOptions {
  /** End within 45 seconds. */
  quick: boolean
  /** Whether a missed target is a failure. */
  check: boolean
  /** How many messages, where a benchmark can be asked for fewer or more. Default: its own. */
  recipients?: number | undefined
}

/** What `npm run bench -- <name>` prints as its last line. */
export interface BenchReport {
  bench: string
  machine: string
  /** Our own figures, medians over the rounds. */
  figures: Record<string, number>
  /** The peers' figures, measured in the same rounds. */
  peers: Record<string, number>
  /** Ours over theirs. */
  ratios: Record<string, number>
  /** What each figure or ratio must reach at the least. */
  targets: Record<string, number>
  /** What each figure may be at the most. */
  limits?: Record<string, number>
  ok: boolean
}

export interface Bench {
  name: string
  run(options: BenchOptions): Promise<BenchReport>
}

/** Which machine the figures are from. They are worth little without it, and the ratios not much more. */
export function describeMachine(): string {
  const all = cpus()
  const memoryGiB = Math.round(totalmem() / 2 ** 30)
  return `${all.length} × ${all[0]?.model.trim() || process.arch}, ${memoryGiB} GiB, Node ${process.versions.node}, ${process.platform}`
}

/** Whether every target is reached, and no limit passed, by the figure or ratio of its name. */
export function meetsTargets({
  figures,
  ratios,
  targets,
  limits = {},
}: Pick<BenchReport, 'figures' | 'ratios' | 'targets' | 'limits'>): boolean {
  const measured = (name: string): number => ratios[name] ?? figures[name] ?? Number.NaN
  return (
    Object.entries(targets).every(([name, least]) => measured(name) >= least) &&
    Object.entries(limits).every(([name, most]) => measured(name) <= most)
  )
}

/** The middle value: one round that the machine was busy in does not move it. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export function round(value: number, digits = 2): number {
  const scale = 10 ** digits
  return Math.round(value * scale) / scale
}
