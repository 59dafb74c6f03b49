import { setTimeout as pause } from 'node:timers/promises'
import { startEmbeddedPostgres } from '@mainstay/kernel'
import pg from 'pg'
import { startServerProcess } from '../accept/idle.ts'
import { residentMiB } from '../accept/resident-memory.ts'
import { type Child, startChild } from '../child.ts'
import type { SentCode } from './codes-main.ts'

export interface CampaignRun {
  seconds: number
  /** From the answer to a code's call, and from the call, to its arrival at the provider. */
  codesFromAcceptMs: number[]
  codesFromCallMs: number[]
  /** Of all Node processes of Mainstay, at its highest. */
  nodeMiB: number | undefined
}

const CODES_PER_SECOND = 20

/**
 * The whole program as it is shipped, one process, sends a campaign to everybody it knows while it sends one-time codes. The clock
 * runs from the call that starts the campaign until it says that it is finished; then the sink must have got each message once.
 */
export async function runCampaign(
  home: string,
  people: number,
  say: (line: string) => void,
): Promise<CampaignRun> {
  const first = await startServerProcess('all', home)
  await first.child.stop()
  await addRecipients(home, people)
  const sink = await startChild<number>(new URL('./sink-main.ts', import.meta.url))
  const { child, ready } = await startServerProcess('all', home, { NOTIFY_HTTP_ALLOW_PRIVATE: 'true' })
  let codes: Child | undefined
  try {
    const call = caller(ready.url, ready.apiKey)
    await call('/v1/provider-accounts', {
      displayName: 'Sink',
      sender: 'Bench <bench@example.com>',
      enabled: true,
      priority: 1,
      test: true,
      http: { url: `http://127.0.0.1:${sink.ready}/messages` },
    })
    const { campaignId } = await call<{ campaignId: string }>('/v1/campaigns', {
      displayName: 'Spring',
      content: {
        email: {
          subject: 'Spring is here',
          text: 'Everything is a fifth cheaper until Sunday. Come and see.',
        },
      },
      audience: { allRecipients: true },
    })
    codes = (
      await startChild(new URL('./codes-main.ts', import.meta.url), [
        ready.url,
        ready.apiKey,
        String(CODES_PER_SECOND),
      ])
    ).child
    await pause(1000)
    const startedAt = performance.now()
    await call(`/v1/campaigns/${campaignId}:start`, {})
    let nodeMiB: number | undefined
    for (let told = 0; ; told++) {
      const { progress } = await call<{ progress: { state: string; sent?: string } }>(
        `/v1/campaigns/${campaignId}`,
      )
      nodeMiB = highest(
        nodeMiB,
        residentMiB(ready.pid, (command) => command !== 'postgres'),
      )
      if (progress.state === 'CAMPAIGN_STATE_FINISHED') break
      if (told % 20 === 0) say(`${progress.sent ?? 0} sent`)
      await pause(250)
    }
    const seconds = (performance.now() - startedAt) / 1000
    const sent = await codes.ask<Record<string, SentCode>>('stop')
    await pause(1000)
    const { count, again } = await sink.child.ask<{ count: number; again: number }>('count')
    if (count !== people || again > 0)
      throw new Error(`The sink got ${count} messages, ${again} of them again`)
    return { seconds, nodeMiB, ...latencies(sent, await sink.child.ask('codes')) }
  } finally {
    await codes?.stop()
    await child.stop()
    await sink.child.stop()
  }
}

/** Straight into the table: how fast people are stored is not what is measured. */
async function addRecipients(home: string, people: number): Promise<void> {
  const postgres = await startEmbeddedPostgres({ home })
  const client = new pg.Client({ connectionString: postgres.connectionString })
  try {
    await client.connect()
    await client.query(
      `INSERT INTO notify.recipients (project_id, recipient_id, email, create_time, update_time)
       SELECT p.project_id, 'person-' || n, 'person' || n || '@example.com', now(), now()
       FROM (SELECT project_id FROM access.projects ORDER BY create_time LIMIT 1) p, generate_series(1, $1::int) AS n`,
      [people],
    )
    await client.query('VACUUM ANALYZE notify.recipients')
  } finally {
    await client.end()
    await postgres.stop()
  }
}

function caller(url: string, apiKey: string) {
  return async <T>(path: string, body?: object): Promise<T> => {
    const answer = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${text}`)
    return JSON.parse(text)
  }
}

function highest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
}

function latencies(sent: Record<string, SentCode>, arrived: Record<string, number>) {
  const both = Object.entries(sent).map(([code, times]) => {
    const arrivedMs = arrived[code]
    if (arrivedMs === undefined) throw new Error(`Code ${code} was accepted and never came`)
    return { ...times, arrivedMs }
  })
  return {
    // The provider may have it before its sender has heard that it was accepted.
    codesFromAcceptMs: both.map(({ acceptedMs, arrivedMs }) => Math.max(0, arrivedMs - acceptedMs)),
    codesFromCallMs: both.map(({ sentMs, arrivedMs }) => arrivedMs - sentMs),
  }
}
