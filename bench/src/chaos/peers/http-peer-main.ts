/** The providers that are called over HTTP, in a process of their own: `node http-peer-main.ts <HttpPeerTask as JSON>`. */
import { openJournal } from '../journal.ts'
import { startHttpPeer } from './http-peer.ts'
import { createKeyedMail } from './keyed-mail.ts'
import { createKeylessTexts } from './keyless-texts.ts'
import { createReporter } from './reporter.ts'

export interface HttpPeerTask {
  apiUrl: string
  resendReportUrl: string
  /** `<message id> <mischief> <taken>` for each call. */
  calls: string
  /** `<message id> <told>` for each webhook that was answered with 200. */
  reports: string
}

const task = JSON.parse(process.argv[2] ?? '') as HttpPeerTask
const calls = openJournal(task.calls)
const reports = openJournal(task.reports)
const reporter = createReporter(task.apiUrl, reports)
const peers = [createKeyedMail(task.resendReportUrl, reporter), createKeylessTexts(reporter)]
const { origin, server } = await startHttpPeer(peers, calls)
process.once('disconnect', () => process.exit(0))
process.send?.(origin)
// Asked once, when nobody sends any more.
process.once('message', async () => {
  await reporter.drain()
  server.closeAllConnections()
  await Promise.all([calls.close(), reports.close()])
  process.send?.(reporter.counts)
})
