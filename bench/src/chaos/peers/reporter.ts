import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'undici'
import type { Journal } from '../journal.ts'
import { REPORTED } from '../plan.ts'

/** What a provider tells of a message. */
export type Told = 'sent' | 'delivered' | 'bounced' | 'complained'

/** One webhook. */
export interface Webhook {
  path: string
  body: string
  /** Signs it as the provider does, anew each time that it is sent: signatures grow old. */
  sign(): Record<string, string>
}

export interface ReporterCounts {
  /** Webhooks that were sent, repetitions included, forged ones not. */
  posts: number
  /** Of them, those that were told a second time. */
  repeated: number
  /** Told before what came before them. */
  outOfOrder: number
  /** Answered with something else than 200 at first, and told again later. */
  putOff: number
  forged: number
  /** Forged ones that were answered with 401. */
  forgedRefused: number
}

/** Tells what became of messages as providers do: late, twice, out of order, and until it is answered with 200. */
export interface Reporter {
  readonly counts: ReporterCounts
  /**
   * Tells of a message what happened to it, if it is one of those that are told of; `write` signs one webhook.
   *
   * @param isLost the caller did not hear the answer to its call.
   * @param ends what may happen to a message of the channel, in order.
   */
  tell(
    messageId: string,
    write: (told: Told) => Webhook,
    isLost: boolean,
    ends: readonly (readonly Told[])[],
  ): void
  /** A stranger's webhook. */
  forge(webhook: Webhook): void
  /** Resolves once everything was told. */
  drain(): Promise<void>
}

const CONNECTIONS = 16

/** @param journal gets `<message id> <told>` for each webhook that was answered with 200. */
export function createReporter(apiUrl: string, journal: Journal): Reporter {
  const pool = new Pool(apiUrl, { connections: CONNECTIONS, pipelining: 1 })
  const counts: ReporterCounts = {
    posts: 0,
    repeated: 0,
    outOfOrder: 0,
    putOff: 0,
    forged: 0,
    forgedRefused: 0,
  }
  const underWay = new Set<Promise<void>>()

  const free = Array.from({ length: CONNECTIONS }, (_, line) => line)
  const waiting: ((line: number) => void)[] = []

  /** Posts when there is a line for it, and signs then. */
  async function post({ path, body, sign }: Webhook): Promise<number> {
    const line = free.pop() ?? (await new Promise<number>((resolve) => waiting.push(resolve)))
    try {
      const answer = await pool.request({ method: 'POST', path, headers: sign(), body })
      await answer.body.dump()
      return answer.statusCode
    } catch {
      return 0
    } finally {
      const next = waiting.shift()
      if (next === undefined) free.push(line)
      else next(line)
    }
  }

  async function postUntilTaken(messageId: string, told: Told, webhook: Webhook): Promise<void> {
    for (;;) {
      counts.posts++
      const status = await post(webhook)
      if (status === 200) return journal.note(messageId, told)
      if (status >= 400 && status < 500)
        throw new Error(`a genuine report of ${messageId} was refused: ${status}`)
      counts.putOff++
      await delay(500)
    }
  }

  function follow(work: Promise<void>): void {
    const followed = work.finally(() => underWay.delete(followed))
    underWay.add(followed)
  }

  async function tellOne(messageId: string, told: Told, write: (told: Told) => Webhook, afterMs: number) {
    await delay(afterMs)
    // The same webhook again has the same id: it is written once.
    const webhook = write(told)
    await postUntilTaken(messageId, told, webhook)
    if (Math.random() >= 0.2) return
    counts.repeated++
    await delay(Math.random() * 1000)
    await postUntilTaken(messageId, told, webhook)
  }

  return {
    counts,
    tell(messageId, write, isLost, lives) {
      if (Math.random() >= (isLost ? REPORTED.lost : REPORTED.known)) return
      // Nearly all are delivered.
      const [usual = [], ...others] = lives
      const ends = Math.random() < 0.9 ? usual : (others[Math.floor(Math.random() * others.length)] ?? usual)
      const isLate = Math.random() < 0.05
      const isShuffled = ends.length > 1 && Math.random() < 0.3
      if (isShuffled) counts.outOfOrder++
      const order = isShuffled ? ends.toReversed() : ends
      const startMs = (isLate ? 6000 : 0) + Math.random() * 800
      order.forEach((told, index) => {
        // The first one now and then overtakes the answer to the call.
        const afterMs = index === 0 && Math.random() < 0.1 ? 0 : startMs + index * 150
        follow(tellOne(messageId, told, write, afterMs))
      })
    },
    forge(webhook) {
      counts.forged++
      follow(
        post(webhook).then((status) => {
          if (status === 401) counts.forgedRefused++
        }),
      )
    },
    async drain() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}
