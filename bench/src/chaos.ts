import { describeFates, describeRun, summarise } from './chaos/print.ts'
import { openStage } from './chaos/stage.ts'
import { judgeFates, tellWrongs } from './chaos/verdict.ts'
import type { Bench, BenchOptions, BenchReport } from './report.ts'

/**
 * The report of what is lost and what comes twice: messages to as many recipients, accepted over HTTP and delivered by three worker
 * processes that are killed at random, to providers (real HTTP and SMTP servers in processes of their own) that withhold answers,
 * hang up, refuse, are slow, and report late, twice, out of order and by strangers. Whoever did something wrote it down; the
 * figures are those journals, compared with the ledger message by message. Nothing is assumed.
 */
export const bench: Bench = { name: 'chaos', run }

const RECIPIENTS = { full: 1_000_000, quick: 8_000 }

async function run({ quick, recipients }: BenchOptions): Promise<BenchReport> {
  const count = recipients ?? (quick ? RECIPIENTS.quick : RECIPIENTS.full)
  const stage = await openStage(count, say)
  try {
    const told = await stage.play()
    const fates = await judgeFates(stage.db, stage.journals)
    const outcome = { recipients: count, ...told, fates }
    say(describeRun(outcome))
    say(describeFates(fates))
    for (const wrong of await tellWrongs(stage.db)) say(wrong)
    return summarise(outcome)
  } finally {
    await stage.close()
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
