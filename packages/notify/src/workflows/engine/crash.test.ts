import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createCrew } from '@mainstay/kernel/testing'
import { TEST_PROJECT } from '../../testing/ledger.ts'
import { useWorkflows } from '../../testing/workflows.ts'
import { LAST_ENTRY } from '../run-store.ts'

const text = (word: string): string => `content: { subject: ${word}, text: "{{ n }}" }`

const journey = `
  - { id: first, channel: email, ${text('first')} }
  - { id: wait, delay: 1s }
  - id: odd
    condition: data.odd
    then: [{ id: only-odd, channel: email, ${text('odd')} }]
    else: [{ id: only-even, channel: email, ${text('even')} }]
  - id: reach
    fallback:
      - { channel: sms, content: { text: nobody }, within: 1h }
      - { channel: email, ${text('reach')}, until: sent, within: 1h }
      - { channel: email, ${text('never')} }
  - { id: last, channel: email, ${text('last')} }`

const digest = `
  - { id: gather, digest: { key: data.thread, window: 2s } }
  - { id: tell, channel: email, content: { subject: "{{ count }}", text: "{% for item in items %}{{ item.n }};{% endfor %}" } }`

describe('workers of workflows that are killed at random', () => {
  const flows = useWorkflows()
  const received = new Map<string, number>()
  /** Takes each message under its key once, as it promises, and sometimes loses its answer. */
  const sink = createServer((request, response) => {
    request.resume().on('end', () => {
      const key = String(request.headers['idempotency-key'])
      received.set(key, (received.get(key) ?? 0) + 1)
      if (Math.random() < 0.03) response.socket?.destroy()
      else response.end(JSON.stringify({ id: `p-${key}` }))
    })
  })

  before(async () => {
    sink.listen(0, '127.0.0.1')
    await once(sink, 'listening')
  })
  after(async () => {
    sink.closeAllConnections()
    sink.close()
    await once(sink, 'close')
  })

  it('do every step of every run exactly once', async () => {
    await flows.publish('journey', journey)
    await flows.publish('digested', digest)
    const count = 150
    const start = (workflow: string, step: string, data: string) =>
      flows.db.query({
        text: `INSERT INTO notify.workflow_runs (project_id, run_id, live, workflow, version, target, data, step, actor,
            next_run_time, update_time)
          SELECT $1::uuid, gen_random_uuid(), true, $2, 1, '{"email":"ada@example.com"}', ${data}, $3, 'key_test', now(), now()
          FROM generate_series(1, $4::int) AS n`,
        values: [TEST_PROJECT, workflow, step, count],
      })
    await start('journey', 'first', "json_build_object('n', n, 'odd', n % 2 = 1)")
    await start('digested', 'gather', "json_build_object('n', n, 'thread', 't' || n % 7)")
    const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/send`
    const main = fileURLToPath(new URL('../../testing/workflow-crash-worker-main.ts', import.meta.url))
    const crew = createCrew({
      ...{ workers: 3, killEveryMs: 400, mostKills: 6 },
      hire() {
        const child = spawn(process.execPath, [main, flows.database.connectionString, url, '1000'], {
          stdio: ['pipe', 'pipe', 'inherit'],
        })
        return { process: child, ready: once(child.stdout, 'data') }
      },
    })
    try {
      const kills = await crew.workUntil(
        async () => {
          const [left] = await flows.read<{ left: number }>(`SELECT (
          (SELECT count(*) FROM notify.workflow_runs WHERE state = 1) +
          (SELECT count(*) FROM notify.workflow_windows WHERE NOT closed) +
          (SELECT count(*) FROM notify.delivery_queue))::int AS left`)
          return left?.left === 0
        },
        { timeoutMs: 120_000, everyMs: 50, what: 'every run to end' },
      )
      assert.ok(kills > 0, 'somebody was killed')
    } finally {
      await crew.stop()
    }
    await checkJourneys(count)
    await checkDigests(count)
    const messages = await flows.read<{ count: number }>('SELECT count(*)::int AS count FROM notify.messages')
    assert.equal(received.size, messages[0]?.count, 'all that was made was sent, under one key each')
  })

  async function checkJourneys(count: number): Promise<void> {
    const runs = await flows.read<{ state: number; odd: boolean; steps: string[]; entries: string[] }>(`
      SELECT r.state, (r.data ->> 'odd')::bool AS odd,
        (SELECT array_agg(split_part(n.dedupe_key, '/', 3) ORDER BY n.notification_id) FROM notify.messages m
          JOIN notify.notifications n USING (project_id, notification_id) WHERE m.workflow_run_id = r.run_id) AS steps,
        (SELECT array_agg(entry ORDER BY entry_id) FROM notify.workflow_run_entries e WHERE e.run_id = r.run_id) AS entries
      FROM notify.workflow_runs r WHERE workflow = 'journey'`)
    assert.equal(runs.length, count)
    for (const { state, odd, steps, entries } of runs) {
      const branch = odd ? 'only-odd' : 'only-even'
      assert.equal(state, 2)
      assert.deepEqual(steps, ['first', branch, 'reach', 'last'])
      assert.deepEqual(entries, [
        ...['first', 'wait', 'odd', branch, 'reach/0', 'reach/1', 'reach:reached', 'last', LAST_ENTRY],
      ])
    }
  }

  async function checkDigests(count: number): Promise<void> {
    const told = await flows.read<{ subject: string; text: string; messages: number }>(`
      SELECT n.content -> 'email' ->> 'subject' AS subject, n.content -> 'email' ->> 'text' AS text
      FROM notify.workflow_runs r JOIN notify.messages m ON m.workflow_run_id = r.run_id
      JOIN notify.notifications n USING (notification_id)
      WHERE r.workflow = 'digested' AND r.item_count > 0`)
    const items = told.flatMap(({ subject, text: body }) => {
      const own = body.split(';').filter((item) => item !== '')
      assert.equal(own.length, Number(subject))
      return own
    })
    assert.equal(items.length, count, 'no item was told twice')
    assert.equal(new Set(items).size, count, 'and none was lost')
  }
})
