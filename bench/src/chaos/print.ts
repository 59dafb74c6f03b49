import { type BenchReport, describeMachine, meetsTargets, round } from '../report.ts'
import { GROUPS } from './plan.ts'
import type { Told } from './stage.ts'
import { FATES, type Fate } from './verdict.ts'

export interface Outcome extends Told {
  recipients: number
  fates: Readonly<Record<string, Fate>>
}

/** What was done to the run. */
export function describeRun({
  recipients,
  kills,
  seconds,
  callers,
  reports,
  wrongTransitions,
}: Outcome): string {
  return [
    '',
    `${told(recipients)} recipients in ${Math.round(seconds)} s; 3 workers, killed ${told(kills)} times.`,
    `Accepted twice: ${told(callers.acceptedTwice)}. State changes that are not allowed: ${wrongTransitions.join(', ') || 'none'}.`,
    `Webhooks: ${told(reports.posts)}, of which ${told(reports.repeated)} were repetitions; the reports on ${told(reports.outOfOrder)} messages came out of order.`,
    `Forged webhooks: ${told(reports.forged)}, of which ${told(reports.forgedRefused)} were refused with 401.`,
    '',
  ].join('\n')
}

const COLUMNS = [
  ['messages', 'messages'],
  ['arrived', 'arrived'],
  ['parked', 'parked'],
  ['failed', 'refused'],
  ['injected', 'answers withheld'],
  ['abandoned', 'cut off by a kill'],
  ['late', 'given up'],
  ['duplicates', 'duplicates'],
  ['flagged', 'flagged'],
  ['lost', 'lost'],
] as const satisfies readonly (readonly [keyof Fate, string])[]

/** A line for each group of messages, in the manner of Markdown. */
export function describeFates(fates: Readonly<Record<string, Fate>>): string {
  const rows = [
    ['', ...COLUMNS.map(([, title]) => title)],
    ...GROUPS.map(({ name, title }) => [title, ...COLUMNS.map(([key]) => told(fates[name]?.[key] ?? 0))]),
  ]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    return `| ${cells.join(' | ')} |`
  })
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [lines[0], rule, ...lines.slice(1), ''].join('\n')
}

/** Of so many messages some answers are withheld (14 of 1,000 calls); of fewer it may be that none is. */
const ENOUGH = 1_000

/** The figures, and what is promised of them. */
export function summarise(outcome: Outcome): BenchReport {
  const { recipients, kills, seconds, callers, reports, forgedCounted, wrongTransitions, fates } = outcome
  const figures: Record<string, number> = {
    recipients,
    seconds: round(seconds, 1),
    kills,
    acceptedTwice: callers.acceptedTwice,
    wrongTransitions: wrongTransitions.length,
    webhooks: reports.posts,
    webhooksRepeated: reports.repeated,
    webhooksOutOfOrder: reports.outOfOrder,
    forged: reports.forged,
    forgedTaken: reports.forged - reports.forgedRefused,
    forgedNotCounted: reports.forged - forgedCounted,
  }
  const limits: Record<string, number> = {
    acceptedTwice: 0,
    wrongTransitions: 0,
    forgedTaken: 0,
    forgedNotCounted: 0,
  }
  // What proves nothing where nothing was done.
  const targets: Record<string, number> = { kills: 1, forged: 1, webhooksRepeated: 1, webhooksOutOfOrder: 1 }
  let [messages, injected] = [0, 0]
  for (const { name, project, policy } of GROUPS) {
    const fate = fates[name]
    if (fate === undefined) throw new Error(`Nothing is known of ${name}`)
    messages += fate.messages
    for (const key of FATES) figures[`${name}.${key}`] = fate[key]
    for (const key of ['lost', 'unflagged', 'unexplained', 'wrongEnds', 'wrongStates'] as const) {
      limits[`${name}.${key}`] = 0
    }
    injected += fate.injected
    if (fate.messages >= ENOUGH) targets[`${name}.injected`] = 1
    const unknowns = fate.injected + fate.abandoned + fate.late
    const isKeyed = project === 'keyed'
    limits[`${name}.parked`] = isKeyed ? 0 : unknowns
    limits[`${name}.duplicates`] = isKeyed || policy === 'AT_MOST_ONCE' ? 0 : unknowns
    if (isKeyed || policy === 'AT_MOST_ONCE') limits[`${name}.flagged`] = 0
  }
  figures.messages = messages
  figures.injected = injected
  targets.injected = 1
  targets.messages = recipients
  const ok = meetsTargets({ figures, ratios: {}, targets, limits })
  return { bench: 'chaos', machine: describeMachine(), figures, peers: {}, ratios: {}, targets, limits, ok }
}

function told(count: number): string {
  return count.toLocaleString('en')
}
