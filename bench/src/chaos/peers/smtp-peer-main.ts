/** The mail server, in a process of its own: `node smtp-peer-main.ts <journal>`. */
import { type Act, type Point, startSmtpPeer } from '@mainstay/notify/testing'
import { openJournal } from '../journal.ts'
import { RATES } from '../plan.ts'
import { type Mischief, rollMischief, TAKEN } from './mischief.ts'

export interface SmtpPeerCounts {
  /** Refusals and broken connections before there was a mail to name. */
  early: number
}

const journal = openJournal(process.argv[2] ?? '')
const counts: SmtpPeerCounts = { early: 0 }
let messageId = ''

const peer = await startSmtpPeer({
  act,
  pipelining: true,
  onMail(content) {
    messageId = /^Message-ID: <(msg_[0-9a-z]{26})@/im.exec(content)?.[1] ?? ''
    if (messageId === '') throw new Error('a mail came without its Message-ID')
  },
})
process.once('disconnect', () => process.exit(0))
process.send?.(peer.port)
process.once('message', async () => {
  await peer.close()
  await journal.close()
  process.send?.(counts)
})

/** Most of what goes wrong is after the final dot: only there is it dangerous. */
function act(point: Point): Act {
  if (point === 'dot') return afterTheDot(rollMischief(messageId))
  const early = EARLY[point]
  if (early === undefined || Math.random() >= RATES.cut) return 'go'
  counts.early++
  return early
}

/** Each says or shows that the mail was not taken: none of it was sent yet. */
const EARLY: Partial<Record<Point, Act>> = {
  rcpt: { reply: '451 4.3.0 Try again later' },
  data: 'reset',
}

function afterTheDot(mischief: Mischief): Act {
  // Only HTTP can fail after it has sent and say so; a connection that ends unanswered looks the same whatever came before.
  const done = mischief === 'failed_after' ? 'cut' : mischief
  journal.note(messageId, done, TAKEN.has(done) ? 1 : 0)
  switch (done) {
    case 'silent':
      return 'silence'
    case 'cut':
    case 'cut_before':
      return 'close'
    case 'reset':
      return 'reset'
    case 'unavailable':
      return { reply: '451 4.3.0 Not now' }
    case 'throttled':
      return { reply: '452 4.5.3 Too many' }
    case 'refused':
      return { reply: '554 5.7.1 Not this one' }
    case 'slow':
      return { reply: '250 2.0.0 Taken at last', afterMs: 200 + Math.random() * 1300 }
    default:
      return 'go'
  }
}
