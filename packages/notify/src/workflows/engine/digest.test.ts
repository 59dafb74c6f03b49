import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { createFakeClock } from '@mainstay/kernel/testing'
import { WorkflowRunState } from '@mainstay/proto/notify/v1/workflows'
import { useWorkflows } from '../../testing/workflows.ts'
import { closeOverdue, closeWindows } from './window-store.ts'

const tell = `
  - id: tell
    channel: email
    content:
      subject: "{{ count }} for {{ data.thread }}"
      text: "{% for item in items %}{{ item.text }};{% endfor %}"`

const to = (email: string) => ({ target: { case: 'email', value: email } }) as const

describe('a digest', () => {
  const flows = useWorkflows()
  afterEach(() => flows.empty())

  const mails = async () =>
    (
      await flows.read<{ content: { email: { subject: string; text: string } } }>(
        'SELECT content FROM notify.notifications ORDER BY notification_id',
      )
    ).map(({ content: { email } }) => `${email.subject}: ${email.text}`)

  it('gathers what has the same key, for the same recipient, and tells it once when its window closes', async () => {
    const clock = createFakeClock(Date.now())
    await flows.publish('threads', `  - { id: gather, digest: { key: data.thread, window: 5m } }${tell}`)
    const start = (thread: string, text: string, email = 'ada@example.com', testMode = false) =>
      flows.call(
        'startWorkflow',
        { workflow: 'threads', to: to(email), data: { thread, text } },
        { testMode },
      )
    const first = await start('a', '1')
    for (const [thread, text] of [
      ['a', '2'],
      ['b', '3'],
      ['a', '4'],
    ] as const)
      await start(thread, text)
    await start('a', '5', 'bob@example.com')
    await start('a', '6', 'ada@example.com', true)
    const move = flows.moverAt(clock)
    clock.advance(1000)
    await move(100)
    const put = await flows.call('getWorkflowRun', { runId: first.runId })
    assert.equal(put.state, WorkflowRunState.DIGESTED)
    assert.equal(await closeWindows(flows.db, clock.now(), 100), 0, 'not yet')
    clock.advance(5 * 60_000)
    assert.equal(await closeWindows(flows.db, clock.now(), 100), 4)
    await move(100)
    assert.deepEqual((await mails()).sort(), ['1 for a: 5;', '1 for a: 6;', '1 for b: 3;', '3 for a: 1;2;4;'])
    const digest = await flows.call('getWorkflowRunTimeline', { runId: put.digestRunId })
    assert.deepEqual([digest.run?.state, digest.run?.itemCount], [WorkflowRunState.COMPLETED, 3])
    assert.equal(digest.entries[0]?.title, 'Digest of 3 closed')
  })

  it('closes at a local hour of the recipient, also over a change of the clocks', async () => {
    // 28 March 2026, 12:00 in Berlin; the clocks go forward in the night.
    const clock = createFakeClock('2026-03-28T11:00:00Z')
    const digest = '{ key: data.thread, every: day, at: "09:00" }'
    await flows.publish('daily', `  - { id: gather, digest: ${digest} }${tell}`)
    await flows.addRecipient('berlin', { timezone: 'Europe/Berlin' })
    await flows.addRecipient('tokyo', { timezone: 'Asia/Tokyo' })
    await flows.addRecipient('nowhere')
    const on = flows.aPart(clock)
    for (const value of ['berlin', 'tokyo', 'nowhere']) {
      const target = { case: 'recipientId', value } as const
      await flows.call(
        'startWorkflow',
        { workflow: 'daily', to: { target }, data: { thread: 'a', text: '' } },
        { on },
      )
    }
    await flows.moverAt(clock)(100)
    const windows = await flows.read<{ recipient: string; close_time: Date }>(
      'SELECT recipient, close_time FROM notify.workflow_windows ORDER BY recipient',
    )
    assert.deepEqual(
      windows.map(({ recipient, close_time }) => [recipient, close_time.toISOString().slice(0, 16)]),
      [
        ['berlin', '2026-03-29T07:00'],
        ['nowhere', '2026-03-29T09:00'],
        ['tokyo', '2026-03-29T00:00'],
      ],
    )
  })

  it('closes early when it is full, and the next item opens another', async () => {
    const clock = createFakeClock(Date.now())
    await flows.publish('full', `  - { id: gather, digest: { key: data.thread, window: 1h } }${tell}`)
    const text = 'x'.repeat(200_000)
    for (let count = 0; count < 4; count++) {
      await flows.call('startWorkflow', {
        workflow: 'full',
        to: to('ada@example.com'),
        data: { thread: 'a', text },
      })
    }
    clock.advance(1000)
    const move = flows.moverAt(clock)
    await move(3)
    assert.equal(await closeWindows(flows.db, clock.now(), 100), 1)
    await move(1)
    const windows = await flows.read<{ closed: boolean; item_count: number }>(
      'SELECT closed, item_count FROM notify.workflow_windows ORDER BY window_id',
    )
    assert.deepEqual(windows, [
      { closed: true, item_count: 3 },
      { closed: false, item_count: 1 },
    ])
  })

  it('has every item exactly once, whatever 50 adders and as many closers do at once', async () => {
    const clock = createFakeClock(Date.now() + 60_000)
    await flows.publish('raced', `  - { id: gather, digest: { key: data.thread, window: 1s } }${tell}`)
    // A workflow's steps are fixed, and so is what the race is about: 1,500 items for 3 keys of one recipient.
    const count = 1500
    await flows.db.query({
      text: `INSERT INTO notify.workflow_runs (project_id, run_id, live, workflow, version, target, data, step, actor,
          next_run_time, update_time)
        SELECT project_id, gen_random_uuid(), true, 'raced', 1, '{"email":"ada@example.com"}',
          json_build_object('thread', 't' || n % 3, 'text', n::text), 'gather', 'key_test', now(), now()
        FROM (SELECT project_id FROM notify.workflows WHERE name = 'raced') w, generate_series(1, $1) AS n`,
      values: [count],
    })
    const move = flows.moverAt(clock)
    let adding = true
    // Windows are due as soon as they are opened: each commit of an adder races with the closers.
    const due = () => new Date(clock.nowMs() + 2000)
    const adder = async (): Promise<void> => {
      while ((await move(2)).runs > 0);
    }
    const closer = async (): Promise<number> => {
      let closed = 0
      while (adding) {
        closed += await closeWindows(flows.db, due(), 5)
        closed += (await closeOverdue(flows.db, due(), 0)) ? 1 : 0
      }
      return closed
    }
    const closers = Array.from({ length: 10 }, closer)
    // Runs of closed digests are picked by adders too, and end: the loop ends when neither is left.
    const before = await flows.read('SELECT FROM notify.workflow_runs')
    assert.equal(before.length, count)
    await Promise.all(Array.from({ length: 40 }, adder))
    adding = false
    await Promise.all(closers)
    // A run that found the database too busy comes again after a pause, which grows.
    const unfinished = 'SELECT FROM notify.workflow_runs WHERE next_run_time IS NOT NULL'
    for (let worked = 1, waiting = 1, rounds = 0; worked + waiting > 0 && rounds < 200; rounds++) {
      clock.advance(10_000)
      worked = (await closeWindows(flows.db, due(), 1000)) + (await move(1000)).runs
      waiting = (await flows.read(unfinished)).length
    }
    const told = (await mails()).flatMap((mail) => {
      const [head = '', body = ''] = mail.split(': ')
      const items = body.split(';').filter((item) => item !== '')
      assert.equal(items.length, Number(head.split(' ')[0]), 'a digest tells as many as it counts')
      const threads = new Set(items.map((item) => Number(item) % 3))
      assert.equal(threads.size, 1, 'and of one key only')
      return items
    })
    assert.equal(told.length, count, 'no item is told twice')
    assert.equal(new Set(told).size, count, 'and none is lost')
    const [windows] = await flows.read<{ open: number; closed: number; runs: number }>(`SELECT
      count(*) FILTER (WHERE NOT closed)::int AS open, count(*) FILTER (WHERE closed)::int AS closed,
      (SELECT count(*)::int FROM notify.workflow_runs WHERE item_count > 0) AS runs FROM notify.workflow_windows`)
    assert.equal(windows?.open, 0)
    assert.equal(windows?.closed, windows?.runs)
    assert.ok((windows?.closed ?? 0) > 10, `there was a race: ${windows?.closed} windows`)
  })
})
