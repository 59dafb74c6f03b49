import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { AppError } from '@mainstay/kernel'
import { createFakeClock, waitFor } from '@mainstay/kernel/testing'
import { WorkflowEntryKind, WorkflowRunState } from '@mainstay/proto/notify/v1/workflows'
import { TEST_PROJECT } from '../testing/ledger.ts'
import { content, refusalOf, testAct } from '../testing/templates.ts'
import { useWorkflows } from '../testing/workflows.ts'

const hello = `
  - { id: hello, channel: email, content: { subject: "Hello {{ name }}", text: "It works, {{ recipient.displayName | default: 'you' }}." } }`

const to = { target: { case: 'email', value: 'ada@example.com' } } as const

describe('publishing a workflow', () => {
  const flows = useWorkflows()

  it('makes versions that never change, the same from YAML and from JSON, and none where nothing changed', async () => {
    const first = await flows.publish('greeting', hello)
    assert.equal(first.workflow?.version, 1)
    const same = await flows.call('publishWorkflow', {
      source: { case: 'definition', value: first.workflow?.definition ?? {} },
    })
    assert.deepEqual([same.unchanged, same.workflow?.version], [true, 1])
    const second = await flows.publish('greeting', `${hello}\n  - { id: wait, delay: 1m }`)
    assert.deepEqual([second.unchanged, second.workflow?.version, second.workflow?.stepCount], [false, 2, 2])
    const kept = await flows.call('getWorkflow', { name: 'greeting', version: 1 })
    assert.match(kept.yaml, /Hello \{\{ name \}\}/)
    assert.equal((await flows.call('getWorkflow', { name: 'greeting' })).version, 2)
    const { versions } = await flows.call('listWorkflowVersions', { name: 'greeting' })
    assert.deepEqual(
      versions.map(({ version }) => version),
      [2, 1],
    )
    const page = await flows.call('listWorkflowVersions', { name: 'greeting', pageSize: 1 })
    const rest = await flows.call('listWorkflowVersions', { name: 'greeting', pageToken: page.nextPageToken })
    assert.deepEqual(
      rest.versions.map(({ version }) => version),
      [1],
    )
    const { workflows } = await flows.call('listWorkflows', {})
    assert.deepEqual(
      workflows.map(({ name, version }) => [name, version]),
      [['greeting', 2]],
    )
  })

  it('gives each of 50 publishers at once a number of their own', async () => {
    const published = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        flows.publish('raced', `  - { id: wait, delay: ${index + 1}m }`),
      ),
    )
    const versions = published.map(({ workflow }) => workflow?.version ?? 0).sort((a, b) => a - b)
    assert.deepEqual(
      versions,
      Array.from({ length: 50 }, (_, index) => index + 1),
    )
  })

  it('refuses with every problem and its place, or only tells them', async () => {
    const steps = '  - { id: a, channel: email, template: nowhere }\n  - { id: b, digest: { window: 5m } }'
    const source = { case: 'yaml', value: `name: broken\nsteps:\n${steps}` } as const
    assert.deepEqual(await refusalOf(flows.call('publishWorkflow', { source })), [
      'steps[0].template: names no template: there is no "nowhere", line:3, col:30',
      'steps[1].digest.key: must say what belongs together, such as data.order_id, line:4, col:14',
    ])
    await assert.rejects(flows.call('publishWorkflow', { source }), { reason: 'notify.workflow_invalid' })
    const { problems, workflow } = await flows.call('publishWorkflow', { source, validateOnly: true })
    assert.deepEqual(
      problems.map(({ path, line, column }) => [path, line, column]),
      [
        ['steps[0].template', 3, 30],
        ['steps[1].digest.key', 4, 14],
      ],
    )
    assert.equal(workflow, undefined)
    const uncategorised = { case: 'yaml', value: `name: broken\ncategory: nothing\nsteps:${hello}` } as const
    assert.deepEqual(await refusalOf(flows.call('publishWorkflow', { source: uncategorised })), [
      'category: names no category: there is no "nothing", line:2, col:1',
    ])
    const strange = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`f${index}`, index]))
    const wild = flows.call('publishWorkflow', { source: { case: 'definition', value: strange } })
    assert.equal((await refusalOf(wild)).length, 100, 'no more than anybody reads')
    const good = { case: 'yaml', value: `name: broken\nsteps:${hello}` } as const
    const checked = await flows.call('publishWorkflow', { source: good, validateOnly: true })
    assert.deepEqual([checked.problems.length, checked.workflow?.version], [0, 1])
    await assert.rejects(flows.call('getWorkflow', { name: 'broken' }), {
      reason: 'notify.workflow_not_found',
    })
  })

  it('knows another project’s workflows not at all', async () => {
    await flows.publish('mine', hello)
    const projectId = '01980000-0000-7000-8000-000000000002'
    const elsewhere = { name: 'mine' }
    await assert.rejects(flows.call('getWorkflow', elsewhere, { projectId }), { code: 'not_found' })
    assert.deepEqual((await flows.call('listWorkflows', {}, { projectId })).workflows, [])
  })
})

describe('a run', () => {
  const flows = useWorkflows()
  afterEach(() => flows.empty())

  it('is started once for each dedupe key, however many call at once', async () => {
    await flows.publish('once', '  - { id: wait, delay: 1h }')
    const started = await Promise.all(
      Array.from({ length: 50 }, () =>
        flows.call('startWorkflow', { workflow: 'once', to, dedupeKey: 'order-1' }),
      ),
    )
    assert.equal(new Set(started.map(({ runId }) => runId)).size, 1)
    assert.equal(started.filter(({ deduplicated }) => !deduplicated).length, 1)
    const [other] = await Promise.all([
      flows.call('startWorkflow', { workflow: 'once', to, dedupeKey: 'order-1' }, { testMode: true }),
    ])
    assert.equal(other.deduplicated, false, 'test and live never meet')
    assert.equal(other.live, false)
  })

  it('is refused where its data lacks what its first steps need', async () => {
    const steps = `
  - { id: wait, delay: { until: data.departure } }
  - { id: gather, digest: { key: data.order_id, window: 1m } }${hello}`
    await flows.publish('needy', steps)
    const start = (data: Record<string, string>) =>
      flows.call('startWorkflow', { workflow: 'needy', to, data })
    assert.deepEqual(await refusalOf(start({})), [
      'data.departure: is what the delay "wait" waits for: a time such as 2026-03-01T09:00:00Z',
      'data.order_id: is the key of the digest "gather": give it',
    ])
    assert.deepEqual(await refusalOf(start({ departure: 'tomorrow', order_id: 'x'.repeat(300) })), [
      'data.departure: is what the delay "wait" waits for: a time such as 2026-03-01T09:00:00Z',
      'data.order_id: is the key of the digest "gather": at most 200 characters',
    ])
    assert.match(String(await refusalOf(start({ big: 'x'.repeat(300_000) }))), /more than 262144 characters/)
    assert.match(
      String(await refusalOf(start({ departure: '2026-01-01T00:00:00Z', order_id: 'a\0b' }))),
      /U\+0000/,
    )
    await assert.rejects(flows.call('startWorkflow', { workflow: 'nowhere', to }), {
      reason: 'notify.workflow_not_found',
    })
  })

  it('does its steps in order, waits, decides, and says what it did', async () => {
    const clock = createFakeClock(Date.now())
    const steps = `
  - { id: hello, channel: email, content: { subject: "Hello {{ name }}", text: "To {{ recipient.displayName }}" } }
  - { id: wait, delay: 30m }
  - id: vip
    condition: data.total > 100 and recipient.attributes.tier == "gold" and steps.hello.state == "accepted"
    then: [{ id: thanks, channel: sms, content: { text: "Thank you, {{ data.name }}" } }]
    else: [{ id: never, channel: sms, content: { text: "never" } }]
  - { id: nobody, channel: push, content: { body: "no device" } }
  - { id: erp, webhook: { url: "https://erp.example/hook", type: order.told, data: { order: "{{ order }}", n: 1 } } }`
    await flows.publish('long', steps)
    await flows.addRecipient('ada')
    const part = flows.aPart(clock)
    const run = await flows.call(
      'startWorkflow',
      {
        workflow: 'long',
        to: { target: { case: 'recipientId', value: 'ada' } },
        data: { name: 'A < B', total: 120, order: 'o-1' },
      },
      { on: part },
    )
    const move = flows.moverAt(clock)
    assert.equal((await move(100)).runs, 1)
    const waiting = await flows.call('getWorkflowRun', { runId: run.runId })
    assert.deepEqual([waiting.step, waiting.state], ['wait', WorkflowRunState.RUNNING])
    assert.equal((await move(100)).runs, 0, 'it is not due')
    // A later version is nothing to a run that is under way.
    await flows.publish('long', hello)
    clock.advance(30 * 60_000)
    assert.deepEqual(await move(100), { runs: 1, ended: 1, withdrew: false })
    const { run: done, entries } = await flows.call('getWorkflowRunTimeline', { runId: run.runId })
    assert.deepEqual([done?.state, done?.version, done?.step], [WorkflowRunState.COMPLETED, 1, ''])
    const { STARTED, MESSAGE, WAITING, BRANCH, REFUSED, ENDED } = WorkflowEntryKind
    assert.deepEqual(
      entries.map(({ kind, step }) => [kind, step]),
      [
        [STARTED, ''],
        [MESSAGE, 'hello'],
        [WAITING, 'wait'],
        [BRANCH, 'vip'],
        [MESSAGE, 'thanks'],
        [REFUSED, 'nobody'],
        [MESSAGE, 'erp'],
        [ENDED, ''],
      ],
    )
    assert.match(entries[5]?.detail ?? '', /no device/i)
    const messages = await flows.read<{ to: string; content: unknown; run: string; key: string }>(
      `SELECT m.to_address AS to, n.content, m.workflow_run_id AS run, n.dedupe_key AS key
       FROM notify.messages m JOIN notify.notifications n USING (project_id, notification_id) ORDER BY m.message_id`,
    )
    const [{ run: runUuid = '' } = {}] = messages
    assert.deepEqual(messages, [
      {
        to: 'ada@example.com',
        content: { email: { subject: 'Hello A < B', text: 'To Ada', html: '' } },
        run: runUuid,
        key: `workflow/${runUuid}/hello`,
      },
      {
        to: '+491701234567',
        content: { sms: { text: 'Thank you, A < B' } },
        run: runUuid,
        key: `workflow/${runUuid}/thanks`,
      },
      {
        to: 'https://erp.example/hook',
        content: { webhook: { type: 'order.told', data: '{"order":"o-1","n":1}' } },
        run: runUuid,
        key: `workflow/${runUuid}/erp`,
      },
    ])
    assert.equal(entries[1]?.messageId.startsWith('msg_'), true)
  })

  it('fills a template with its data and its recipient, and passes over one that cannot be filled', async () => {
    const template = content({
      en: { subject: 'For {{ recipient.displayName }}', text: 'Order {{ order }}' },
    })
    await flows.templates.create(testAct(TEST_PROJECT), 'order', template)
    await flows.publish('filled', '  - { id: order, channel: email, template: order }')
    await flows.addRecipient('ada')
    const target = { case: 'recipientId', value: 'ada' } as const
    const start = (data: Record<string, string>) =>
      flows.call('startWorkflow', { workflow: 'filled', to: { target }, data })
    const runs = [await start({ order: 'o-1' }), await start({})]
    await flows.moverAt(createFakeClock(Date.now() + 1000))(100)
    const sent = await flows.read<{ content: { template: unknown; data: Record<string, unknown> } }>(
      'SELECT content FROM notify.notifications',
    )
    assert.deepEqual(
      sent.map(({ content: said }) => [said.template, Object.keys(said.data).sort()]),
      [[{ name: 'order', version: 1 }, ['count', 'items', 'order', 'recipient']]],
    )
    const failed = await flows.call('getWorkflowRun', { runId: runs[1]?.runId ?? '' })
    assert.equal(failed.state, WorkflowRunState.FAILED)
    assert.match(failed.statusDetail, /data\.order: is used by the template and not given/)
  })

  it('has failed when none of its messages could be made', async () => {
    await flows.publish('hopeless', '  - { id: text, channel: sms, content: { text: hi } }')
    const { runId } = await flows.call('startWorkflow', { workflow: 'hopeless', to })
    await flows.moverAt(createFakeClock(Date.now() + 1000))(100)
    const run = await flows.call('getWorkflowRun', { runId })
    assert.equal(run.state, WorkflowRunState.FAILED)
    assert.match(run.statusDetail, /None of its messages could be made/)
  })

  it('waits while the ledger is overloaded, and sends once', async () => {
    await flows.publish('overloaded', hello)
    const { runId } = await flows.call('startWorkflow', { workflow: 'overloaded', to, data: { name: 'Ada' } })
    const clock = createFakeClock(Date.now() + 1000)
    const send = flows.sendWith(clock)
    let refusals = 2
    const move = flows.moverAt(clock, async (request, ctx) => {
      if (refusals-- > 0)
        throw new AppError({ code: 'unavailable', reason: 'notify.overloaded', message: 'later' })
      return await send(request, ctx)
    })
    await move(100)
    const waiting = await flows.call('getWorkflowRun', { runId })
    assert.deepEqual([waiting.state, waiting.statusDetail], [WorkflowRunState.RUNNING, 'Has to wait: later'])
    for (let time = 0; time < 3; time++) {
      clock.advance(60_000)
      await move(100)
    }
    const run = await flows.call('getWorkflowRun', { runId })
    assert.deepEqual([run.state, run.statusDetail], [WorkflowRunState.COMPLETED, ''])
  })

  it('is cancelled while it waits, once, and not after it has ended', async () => {
    await flows.publish(
      'cancelled',
      '  - { id: wait, delay: 1h }\n  - { id: hi, channel: sms, content: { text: hi } }',
    )
    const { runId } = await flows.call('startWorkflow', { workflow: 'cancelled', to })
    await flows.moverAt(createFakeClock(Date.now() + 1000))(100)
    const cancelled = await Promise.all(
      Array.from({ length: 10 }, () => flows.call('cancelWorkflowRun', { runId })),
    )
    assert.ok(cancelled.every(({ state }) => state === WorkflowRunState.CANCELLED))
    const { entries } = await flows.call('getWorkflowRunTimeline', { runId })
    assert.equal(entries.filter(({ kind }) => kind === WorkflowEntryKind.ENDED).length, 1)
    await flows.publish('short', hello)
    const short = await flows.call('startWorkflow', { workflow: 'short', to, data: { name: 'Ada' } })
    await flows.moverAt(createFakeClock(Date.now() + 1000))(100)
    await assert.rejects(flows.call('cancelWorkflowRun', { runId: short.runId }), {
      reason: 'notify.workflow_run_ended',
    })
    await assert.rejects(flows.call('getWorkflowRun', { runId: 'wfr_00000000000000000000000000' }), {
      reason: 'notify.workflow_run_not_found',
    })
  })

  it('is found by workflow, state, recipient and key, a page at a time', async () => {
    await flows.publish('listed', '  - { id: wait, delay: 1h }')
    await flows.addRecipient('bob')
    for (let index = 0; index < 5; index++) {
      const target = { case: 'recipientId', value: 'bob' } as const
      await flows.call('startWorkflow', { workflow: 'listed', to: { target }, dedupeKey: `k${index}` })
    }
    const list = async (request: Parameters<typeof flows.call<'listWorkflowRuns'>>[1]) =>
      (await flows.call('listWorkflowRuns', request)).runs.map(({ dedupeKey }) => dedupeKey)
    assert.deepEqual(await list({ workflow: 'listed' }), ['k4', 'k3', 'k2', 'k1', 'k0'])
    assert.deepEqual(await list({ recipientId: 'bob', states: [WorkflowRunState.RUNNING], pageSize: 2 }), [
      'k4',
      'k3',
    ])
    assert.deepEqual(await list({ dedupeKey: 'k2' }), ['k2'])
    assert.deepEqual(await list({ workflow: 'listed', live: false }), [])
    const { nextPageToken } = await flows.call('listWorkflowRuns', { workflow: 'listed', pageSize: 2 })
    assert.deepEqual(await list({ workflow: 'listed', pageToken: nextPageToken }), ['k2', 'k1', 'k0'])
    const { workflows } = await flows.call('listWorkflows', {})
    assert.equal(workflows.find(({ name }) => name === 'listed')?.runningCount, 5n)
  })

  it('may have a step of any name, also that of what its timeline says last', async () => {
    await flows.publish('called-ended', hello.replace('id: hello', 'id: ended'))
    const { runId } = await flows.call('startWorkflow', {
      workflow: 'called-ended',
      to,
      data: { name: 'Ada' },
    })
    await flows.moverAt(createFakeClock(Date.now() + 1000))(100)
    const { run, entries } = await flows.call('getWorkflowRunTimeline', { runId })
    assert.equal(run?.state, WorkflowRunState.COMPLETED, run?.statusDetail)
    assert.deepEqual(entries.map(({ step, title }) => [step, title]).slice(-2), [
      ['ended', 'Sent by email'],
      ['', 'Completed'],
    ])
  })

  it('keeps its place and says why when the database refuses where it came to, and holds up no other', async () => {
    await flows.read(`CREATE FUNCTION notify.refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.state = ${WorkflowRunState.COMPLETED} AND NEW.data ->> 'name' = 'Eve' THEN
        RAISE EXCEPTION 'refused' USING ERRCODE = '22023';
      END IF; RETURN NEW; END $$`)
    await flows.read(`CREATE TRIGGER refuse_one BEFORE UPDATE ON notify.workflow_runs
      FOR EACH ROW EXECUTE FUNCTION notify.refuse_one()`)
    await flows.publish('refused', hello)
    const ids: string[] = []
    for (const name of ['Ada', 'Eve', 'Ben']) {
      const { runId } = await flows.call('startWorkflow', { workflow: 'refused', to, data: { name } })
      ids.push(runId)
    }
    await flows.moverAt(createFakeClock(Date.now() + 1000))(100)
    const runs = await Promise.all(ids.map((runId) => flows.call('getWorkflowRun', { runId })))
    const { COMPLETED, RUNNING } = WorkflowRunState
    assert.deepEqual(
      runs.map(({ state }) => state),
      [COMPLETED, RUNNING, COMPLETED],
    )
    assert.match(runs[1]?.statusDetail ?? '', /^Has to wait: /)
    await flows.read('DROP TRIGGER refuse_one ON notify.workflow_runs')
    await flows.moverAt(createFakeClock(Date.now() + 10_000))(100)
    assert.equal((await flows.call('getWorkflowRun', { runId: ids[1] ?? '' })).state, COMPLETED)
  })

  it('is moved on by a worker at once, woken by its start', async () => {
    const part = flows.aPart()
    await part.worker.start()
    await flows.publish('prompt', hello)
    const { runId } = await flows.call('startWorkflow', { workflow: 'prompt', to, data: { name: 'Ada' } })
    await waitFor(
      async () => (await flows.call('getWorkflowRun', { runId })).state === WorkflowRunState.COMPLETED,
      { timeoutMs: 50_000, what: 'the run to end' },
    )
    await part.worker.stop()
  })

  it('is forgotten after its retention, with all that hangs on it', async () => {
    await flows.publish('ended', hello)
    await flows.publish('waiting', '  - { id: wait, delay: 1h }')
    await flows.call('startWorkflow', { workflow: 'ended', to, data: { name: 'Ada' } })
    await flows.call('startWorkflow', { workflow: 'waiting', to })
    await flows.moverAt(createFakeClock(Date.now() + 1000))(100)
    const count = async () => {
      const { runs } = await flows.call('listWorkflowRuns', {})
      const entries = await flows.read('SELECT FROM notify.workflow_run_entries')
      return [runs.length, entries.length]
    }
    assert.deepEqual(await count(), [2, 3])
    await flows.aPart().forgetBefore(new Date(Date.now() - 3_600_000))
    assert.deepEqual(await count(), [2, 3])
    await flows.aPart().forgetBefore(new Date(Date.now() + 3_600_000))
    assert.deepEqual(await count(), [1, 1])
  })
})
