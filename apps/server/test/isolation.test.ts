import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { temporaryHome, useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import type { Server } from '../src/server.ts'
import { signInOperator, startHere } from './in-process.ts'
import { NAME, type Owned, PERSON, type Probe, probes, SECRET, WITHOUT_PROBE } from './isolation.ts'

type Json = Record<string, unknown>
interface Answer {
  ok: boolean
  text: string
  body: Json
}

describe('what belongs to a project', () => {
  const database = useTestDatabase()
  const home = temporaryHome()
  let server: Server
  let operator: Record<string, string>

  const start = (role: 'all' | 'api') =>
    startHere(role, { database, home, env: { MAINSTAY_PUBLIC_URL: 'https://mainstay.example' } })

  before(async () => {
    server = await start('all')
    operator = await signInOperator(server)
  })
  after(async () => {
    await server?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  /** Calls a method of the contract by its name, as JSON over Connect. */
  async function ask(method: string, request: unknown, headers: Record<string, string>): Promise<Answer> {
    const response = await fetch(`${server.httpUrl}/mainstay.${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'connect-protocol-version': '1', ...headers },
      body: JSON.stringify(request),
    })
    const text = await response.text()
    return { ok: response.ok, text, body: JSON.parse(text) as Json }
  }

  async function must(method: string, request: unknown, headers: Record<string, string>): Promise<Json> {
    const answer = await ask(method, request, headers)
    assert.ok(answer.ok, `${method}: ${answer.text}`)
    return answer.body
  }

  /** A project with a key that may do everything in each mode. */
  async function addProject(slug: string) {
    await must('access.v1.Access/CreateProject', { project: { slug, displayName: slug } }, operator)
    const key = async (mode: string) => {
      const apiKey = { displayName: SECRET, mode, scopes: ['*'] }
      const headers = { ...operator, 'mainstay-project': slug, 'mainstay-mode': 'live' }
      const made = await must('access.v1.Access/CreateApiKey', { apiKey }, headers)
      return {
        headers: { authorization: `Bearer ${made.secret}` },
        id: String((made.apiKey as Json).apiKeyId),
      }
    }
    return { test: await key('MODE_TEST'), live: await key('MODE_LIVE'), spare: await key('MODE_TEST') }
  }

  /** Fills a project with one of everything, by a key of one mode. */
  async function fill(key: Record<string, string>, live: boolean, spareKeyId: string): Promise<Owned> {
    const make = (method: string, request: unknown) => must(method, request, key)
    const mail = { subject: SECRET, text: SECRET }
    const account = (name: string) => ({
      providerAccount: {
        ...{ displayName: name, enabled: true, test: !live, channel: 'CHANNEL_EMAIL' },
        ...(live
          ? { http: { url: 'https://example.com/hook', bearerToken: 'none' }, routing: { drained: true } }
          : { sandbox: {} }),
      },
    })
    const { providerAccountId } = await make('notify.v1.Notify/CreateProviderAccount', account(SECRET))
    await make('notify.v1.Notify/UpdateRecipient', { recipient: PERSON })
    const endpoint = await make('notify.v1.Recipients/AddEndpoint', {
      ...{ recipientId: NAME, endpoint: { phone: '+491701234567' } },
    })
    await make('notify.v1.Recipients/CreateTopic', { topic: { topic: NAME, displayName: SECRET } })
    await make('notify.v1.Recipients/AddTopicMembers', { topic: NAME, recipientIds: [NAME] })
    const rule = { field: 'email', op: 'exists' }
    await make('notify.v1.Recipients/CreateSegment', {
      segment: { segment: NAME, displayName: SECRET, rule },
    })
    await make('notify.v1.Preferences/CreateCategory', { category: { name: NAME, displayName: SECRET } })
    await make('notify.v1.Preferences/UpdatePreferences', {
      ...{ recipientId: NAME, changes: [{ category: NAME, channel: 'CHANNEL_SMS', enabled: false }] },
    })
    const template = { name: NAME, channel: 'CHANNEL_EMAIL', email: mail }
    await make('notify.v1.Notify/CreateTemplate', { template })
    await make('notify.v1.Notify/UpdateTemplateDraft', { template })
    const suppression = await make('notify.v1.Notify/CreateSuppression', {
      ...{ channel: 'CHANNEL_EMAIL', address: 'casablanca@example.com', detail: SECRET },
    })
    const file = { fileName: 'a.txt', contentType: 'text/plain', content: btoa(SECRET) }
    const to = { recipientId: NAME }
    const sent = await make('notify.v1.Notify/SendNotification', {
      ...{ to, channel: 'CHANNEL_EMAIL', email: { ...mail, attachments: [file] }, category: NAME },
    })
    const sendTime = new Date(Date.now() + 86_400_000).toISOString()
    const waiting = await make('notify.v1.Notify/SendNotification', { to, email: mail, sendTime })
    const inApp = await make('notify.v1.Notify/SendNotification', {
      ...{ to, channel: 'CHANNEL_INBOX', inbox: { title: SECRET, body: SECRET } },
    })
    const text = { to: { phone: '+491701234567' }, channel: 'CHANNEL_SMS', sms: { text: SECRET } }
    if (!live) await make('notify.v1.Notify/SendNotification', text)
    const [campaignId, draftId] = await Promise.all(
      [sendTime, undefined].map(async (at) => {
        const campaign = { displayName: SECRET, content: { email: mail }, audience: { imported: true } }
        const made = await make('notify.v1.Campaigns/CreateCampaign', {
          campaign: { ...campaign, sendTime: at },
        })
        return String(made.campaignId)
      }),
    )
    await make('notify.v1.Campaigns/ImportCampaignRecipients', {
      ...{ campaignId, csv: 'email\nrabat@example.com\nwrong\n' },
    })
    const { scheduleId } = await make('notify.v1.Schedules/CreateSchedule', {
      schedule: {
        ...{ displayName: SECRET, timing: { once: '2030-01-01T09:00' } },
        notification: { to, email: mail },
      },
    })
    const { clientId } = await make('identity.v1.Clients/CreateClient', {
      client: { kind: 'driver', displayName: SECRET },
    })
    const { accountId, personId } = await make('identity.v1.Accounts/CreateAccount', {
      account: {
        ...{ kind: 'driver', displayName: SECRET },
        identifiers: [{ type: 'IDENTIFIER_TYPE_EMAIL', value: 'owner@example.com' }],
      },
    })
    const yaml = `name: ${NAME}\nsteps:\n  - { id: wait, delay: 1d }\n  - { id: a, channel: email, content: { subject: ${SECRET}, text: a } }`
    await make('notify.v1.Workflows/PublishWorkflow', { yaml })
    const { runId } = await make('notify.v1.Workflows/StartWorkflow', {
      ...{ workflow: NAME, to, data: { city: SECRET } },
    })
    const [mailed, item] = live ? [{}, {}] : await arrived(key)
    const first = (notification: Json) => String((notification.messageIds as string[])[0])
    return {
      ...{
        campaignId: campaignId ?? '',
        draftId: draftId ?? '',
        scheduleId: String(scheduleId),
        runId: String(runId),
        apiKeyId: spareKeyId,
        clientId: String(clientId),
        personAccountId: String(accountId),
        personId: String(personId),
      },
      messageId: first(sent),
      notificationId: String(sent.notificationId),
      waitingId: first(waiting),
      inboxMessageId: first(inApp),
      mailId: String(mailed?.mailId ?? ''),
      itemId: String(item?.itemId ?? ''),
      endpointId: String(endpoint.endpointId),
      accountId: String(providerAccountId),
      suppressionId: String(suppression.suppressionId),
    }
  }

  /** Waits for what was sent, and reads it. */
  async function arrived(key: Record<string, string>): Promise<[Json, Json]> {
    const list = async (method: string, field: string, request: Json = {}) =>
      ((await must(method, request, key))[field] ?? []) as Json[]
    await waitFor(async () => (await list('notify.v1.Notify/ListSandboxItems', 'items')).length === 2)
    const [mail] = await waitFor(async () => {
      const mails = await list('notify.v1.Notify/ListMails', 'mails')
      return mails.length === 1 && mails
    })
    const [item] = await waitFor(async () => {
      const items = await list('notify.v1.Inbox/ListInboxItems', 'items', { recipientId: NAME })
      return items.length === 1 && items
    })
    return [mail ?? {}, item ?? {}]
  }

  /** What the database holds of a project, a hash for each table; not when its keys were used, and what they asked. */
  async function fingerprint(slug: string): Promise<Record<string, string>> {
    const { rows: tables } = await database.db.query<{ name: string }>({
      text: `SELECT format('%I.%I', table_schema, table_name) AS name
        FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
        WHERE column_name = 'project_id' AND table_type = 'BASE TABLE' AND table_schema IN ('notify', 'access', 'identity', 'limits')
          AND table_name NOT IN ('api_keys', 'idempotency_keys') ORDER BY 1`,
    })
    const prints: Record<string, string> = {}
    for (const { name } of tables) {
      const { rows } = await database.db.query<{ print: string }>({
        text: `SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, ' ' ORDER BY t::text), '')) AS print
          FROM ${name} AS t WHERE project_id = (SELECT project_id FROM access.projects WHERE slug = $1)`,
        values: [slug],
      })
      prints[name] = rows[0]?.print ?? ''
    }
    return prints
  }

  const reasonOf = ({ text }: Answer): string => /"reason":"([^"]+)"/.exec(text)?.[1] ?? ''

  it('has a probe here for each method of the contract, or a reason why it needs none', () => {
    const names = server.program.rpc.methods.map(({ name }) => name.replace('mainstay.', ''))
    const known = [...Object.keys(probes({} as Owned)), ...Object.keys(WITHOUT_PROBE)]
    assert.deepEqual(known.sort(), names.sort())
  })

  it('attack: streams that a stranger opened tell nothing of what happens there', async () => {
    const ours = await addProject('streaming')
    const theirs = await addProject('listening')
    const owned = await fill(ours.test.headers, false, ours.spare.id)
    const path = `/v1/campaigns/${owned.campaignId}:watch`
    const refused = await fetch(server.httpUrl + path, { headers: theirs.test.headers })
    assert.equal(refused.status, 404)
    const ofPerson = `/v1/inbox:watch?recipientId=${NAME}`
    const streams = [theirs.test, theirs.live, ours.live].map(({ headers }) => listen(ofPerson, headers))
    streams.push(...[theirs.test, theirs.live].map(({ headers }) => listen('/v1/messages:watch', headers)))
    const own = [ofPerson, '/v1/messages:watch'].map((one) => listen(one, ours.test.headers))
    const all = [...streams, ...own]
    await Promise.all(all.map(({ opened }) => opened))
    const item = { channel: 'CHANNEL_INBOX', inbox: { title: 'Tangier', body: SECRET } }
    await must('notify.v1.Notify/SendNotification', { to: { recipientId: NAME }, ...item }, ours.test.headers)
    await waitFor(() => own.every(({ text }) => text().includes('Tangier')))
    for (const { headers } of [theirs.test, theirs.live, ours.live]) {
      const marker = { channel: 'CHANNEL_INBOX', inbox: { title: 'the last', body: 'the last' } }
      await must('notify.v1.Notify/UpdateRecipient', { recipient: { recipientId: NAME } }, headers)
      await must('notify.v1.Notify/SendNotification', { to: { recipientId: NAME }, ...marker }, headers)
    }
    await waitFor(() => streams.every(({ text }) => text().includes('the last')))
    for (const { text } of streams) assert.ok(!text().includes('Tangier') && !text().includes(SECRET), text())
    for (const { stop } of all) stop()
  })

  /** Reads a stream of server-sent events, until it is stopped. */
  function listen(path: string, headers: Record<string, string>) {
    const stopping = new AbortController()
    let read = ''
    const opened = fetch(server.httpUrl + path, {
      headers: { ...headers, accept: 'text/event-stream' },
      signal: stopping.signal,
    })
    const reading = opened.then(async ({ body }) => {
      const decoder = new TextDecoder()
      for await (const chunk of body ?? []) read += decoder.decode(chunk, { stream: true })
    })
    reading.catch((error: unknown) => assert.ok(stopping.signal.aborted, String(error)))
    return { opened, text: () => read, stop: () => stopping.abort() }
  }

  /** From now on nobody works in the background: what changes is what a caller did. */
  async function rest(): Promise<void> {
    if (server.banner.role === 'api') return
    await server.stop()
    server = await start('api')
  }

  it('attack: a key of another project reads none of it and changes none of it, though it knows every id and name', async () => {
    const ours = await addProject('ours')
    const theirs = await addProject('theirs')
    const owned = await fill(ours.test.headers, false, ours.spare.id)
    await must(
      'notify.v1.Notify/UpdateSpendCap',
      { spendCap: { channel: 'CHANNEL_SMS', country: 'DE', dailyLimitMicros: '1' } },
      ours.live.headers,
    )
    await must(
      'notify.v1.Notify/ImportPrices',
      { csv: `account,country,prefix,price\n${owned.accountId},DE,,0.1`, currency: 'USD' },
      ours.live.headers,
    )
    await rest()
    const table = probes(owned)
    const before = await fingerprint('ours')
    const ids = Object.values(owned).filter((id) => id !== '')
    const told: string[] = []
    const failed: string[] = []
    for (const [method, { request }] of Object.entries(table)) {
      const given = JSON.stringify(request)
      for (const { headers } of [theirs.test, theirs.live]) {
        const { text } = await ask(method, request, headers)
        // Its own keys are called the same.
        const shown = method.endsWith('/ListApiKeys') ? [] : [SECRET]
        for (const word of [...shown, ...ids.filter((id) => !given.includes(id))]) {
          if (text.includes(word)) told.push(`${method} tells a stranger ${word}: ${text}`)
        }
      }
    }
    assert.deepEqual(told, [])
    assert.deepEqual(await fingerprint('ours'), before)
    for (const [method, probe] of Object.entries(table)) {
      const said = await askAsOwner(method, probe, [ours.test.headers, ours.live.headers], ids)
      if (said !== undefined) failed.push(`${method}: ${said}`)
    }
    assert.deepEqual(failed, [])
  })

  /** What is wrong with what the owner gets for the same request; where it does not work, the attack has shown nothing. */
  async function askAsOwner(
    method: string,
    { request, owner }: Probe,
    [testKey = {}, liveKey = {}]: Record<string, string>[],
    ids: readonly string[],
  ): Promise<string | undefined> {
    let answer = await ask(method, request, testKey)
    // What holds for both modes takes a live key.
    if (reasonOf(answer).endsWith('.mode_not_allowed')) answer = await ask(method, request, liveKey)
    if (owner !== 'shows' && owner !== 'done') return reasonOf(answer) === owner ? undefined : answer.text
    if (!answer.ok) return answer.text
    const shows = [SECRET, NAME, ...ids].some((word) => answer.text.includes(word))
    return owner === 'done' || shows ? undefined : `shows nothing: ${answer.text}`
  }

  it('attack: a test key changes nothing that is live', async () => {
    const ours = await addProject('lively')
    const owned = await fill(ours.live.headers, true, ours.spare.id)
    await rest()
    const before = await fingerprint('lively')
    const refused = Object.entries(probes(owned)).filter(([, { testKey }]) => testKey === 'refused')
    for (const [method, { request }] of refused) {
      const answer = await ask(method, request, ours.test.headers)
      assert.ok(!answer.ok, `${method}: ${answer.text}`)
      assert.match(
        reasonOf(answer),
        /^(notify\.schedule_not_found|(notify|identity|access)\.mode_not_allowed)$/,
        method,
      )
    }
    assert.deepEqual(await fingerprint('lively'), before)
  })
})
