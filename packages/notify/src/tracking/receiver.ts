import { setTimeout as delay } from 'node:timers/promises'
import { type Clock, type Db, type Logger, newId } from '@mainstay/kernel'
import { walkIndexes } from '../deliver/batch-sql.ts'
import { markSeen, type SeenMark } from '../messages/seen-store.ts'
import { findTrackingOf } from './settings-store.ts'
import type { TrackingToken, TrackingTokens } from './tokens.ts'

export interface TrackingReceiverDeps {
  db: Db
  clock: Clock
  logger: Pick<Logger, 'error'>
  tokens: Pick<TrackingTokens, 'read'>
  /** Called after a commit that changed messages. */
  onChanged(): void
}

/** How a link or picture was asked for. */
export interface Fetching {
  method: string
  /** By lower-case name. */
  headers: Readonly<Record<string, string | undefined>>
}

/** What links and pictures of mails lead to. */
export interface TrackingReceiver {
  /** Where a link leads; undefined for a token that is not ours. Noted first, unless it is plain that no person followed it. */
  click(token: string, fetching: Fetching): Promise<string | undefined>
  /** Notes that a mail was opened. False for a token that is not ours. */
  open(token: string, fetching: Fetching): Promise<boolean>
  /** Resolves once nothing is being noted. */
  idle(): Promise<void>
}

/** A recipient waits no longer than this for what we want to know. */
const LONGEST_WAIT_MS = 1000
const BATCH = 500
/** What is beyond it is not noted: nobody was promised that it is. */
const QUEUE = 20_000

/**
 * Notes opens and clicks in batches: whatever comes in while one commit is under way makes up the next. A link leads on whether
 * it could be noted or not.
 */
export function createTrackingReceiver(deps: TrackingReceiverDeps): TrackingReceiver {
  const { db, clock, logger, tokens, onChanged } = deps
  let waiting: SeenMark[] = []
  let running: Promise<void> | undefined

  async function note({ kind, projectId, messageId }: TrackingToken): Promise<void> {
    if (waiting.length >= QUEUE) return
    const words = kind === 'click' ? 'A link in it was followed.' : 'Its picture was loaded.'
    const mark = {
      projectId,
      messageId,
      timeMs: clock.nowMs(),
      clicked: kind === 'click',
      noteId: newId(clock),
    }
    waiting.push({ ...mark, actor: 'recipient', detail: words })
    running ??= run()
    await Promise.race([running, delay(LONGEST_WAIT_MS, undefined, { ref: false })])
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH)
      waiting = waiting.slice(BATCH)
      try {
        await store(batch)
      } catch (err) {
        logger.error({ err, count: batch.length }, 'opens and clicks could not be noted')
      }
    }
    running = undefined
  }

  /** A project that no longer tracks is told nothing of mails it sent before. */
  async function store(batch: readonly SeenMark[]): Promise<void> {
    const changed = await db.transaction(async (tx) => {
      const settings = await findTrackingOf(tx, [...new Set(batch.map((mark) => mark.projectId))])
      const wanted = batch.filter(({ projectId, clicked }) => {
        const tracking = settings.get(projectId)
        return clicked ? tracking?.trackClicks : tracking?.trackOpens
      })
      return await markSeen(tx, wanted)
    }, walkIndexes)
    if (changed.length > 0) onChanged()
  }

  function read(kind: TrackingToken['kind'], text: string): TrackingToken | undefined {
    const token = tokens.read(text)
    return token?.kind === kind ? token : undefined
  }

  return {
    async click(text, fetching) {
      const token = read('click', text)
      if (token !== undefined && isByPerson(fetching)) await note(token)
      // As browsers write it, which a header can hold.
      return token === undefined ? undefined : new URL(token.url).href
    },
    async open(text, fetching) {
      const token = read('open', text)
      if (token !== undefined && isByPerson(fetching)) await note(token)
      return token !== undefined
    },
    async idle() {
      await running
    },
  }
}

/**
 * Programs that look at mails before people do, as far as they say so. Gmail's proxy for pictures (GoogleImageProxy) fetches when
 * the mail is opened, and counts; many scanners say that they are a browser, and cannot be told.
 */
const PROGRAM =
  /bot\b|crawl|spider|slurp|preview|scan|probe|monitor|facebookexternalhit|slack|whatsapp|telegram|skype|curl\/|wget\/|python|go-http|java\/|okhttp|headless/i

function isByPerson({ method, headers }: Fetching): boolean {
  if (method !== 'GET') return false
  const purposes = [headers['sec-purpose'], headers.purpose, headers['x-purpose'], headers['x-moz']]
  if (purposes.some((purpose) => /prefetch|preview|prerender/i.test(purpose ?? ''))) return false
  const agent = headers['user-agent'] ?? ''
  return agent !== '' && !PROGRAM.test(agent)
}
