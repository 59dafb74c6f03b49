import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createInboxClient, type InboxChange, MainstayError } from './inbox.ts'

/** A server that gives these answers in turn, and what it was asked. */
function scripted(...answers: (Response | Error)[]) {
  const asked: {
    url: string
    authorization: string | null
    body: unknown
    credentials: string | undefined
  }[] = []
  const fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    asked.push({
      url: String(input),
      authorization: headers.get('authorization'),
      body: init.body === undefined ? undefined : JSON.parse(String(init.body)),
      credentials: init.credentials,
    })
    const answer = answers.shift()
    if (answer === undefined) throw new TypeError('nothing more is expected')
    if (answer instanceof Error) throw answer
    return answer
  }
  return { asked, fetch: fetch as typeof globalThis.fetch }
}

const refusal = (status: number, code: string, reason: string) =>
  Response.json({ error: { code, reason, message: 'no' } }, { status })
const over = () => refusal(401, 'unauthenticated', 'access.recipient_token_expired')
const lines = (...told: object[]) => new Response(told.map((line) => `${JSON.stringify(line)}\n`).join(''))

describe('the client of an inbox', () => {
  it('reads what proto3 leaves out of JSON, and sends no cookies', async () => {
    const server = scripted(
      Response.json({
        items: [{ itemId: 'itm_1', title: 'Hi', severity: 'INBOX_SEVERITY_WARNING' }],
        counts: { unreadCount: 1 },
      }),
    )
    const inbox = createInboxClient({ baseUrl: 'http://x/', token: 'inb_1', fetch: server.fetch })
    const { items, counts, nextPageToken } = await inbox.list({ view: 'unread', pageSize: 5 })
    assert.partialDeepStrictEqual(items[0], {
      itemId: 'itm_1',
      title: 'Hi',
      body: '',
      severity: 'warning',
      readTime: '',
      data: {},
    })
    assert.deepEqual([counts, nextPageToken], [{ unreadCount: 1, unseenCount: 0, currentCount: 0 }, ''])
    assert.deepEqual(server.asked, [
      {
        url: 'http://x/v1/inbox/items?view=INBOX_VIEW_UNREAD&pageSize=5',
        ...{ authorization: 'Bearer inb_1', body: undefined, credentials: 'omit' },
      },
    ])
  })

  it('gets one token for all, and another one when it has ended', async () => {
    let minted = 0
    const server = scripted(
      Response.json({}),
      Response.json({}),
      over(),
      Response.json({ counts: { unreadCount: 3 } }),
    )
    const token = async () => `inb_${++minted}`
    const inbox = createInboxClient({ baseUrl: 'http://x', token, fetch: server.fetch })
    await Promise.all([inbox.counts(), inbox.list()])
    assert.equal(minted, 1)
    assert.equal((await inbox.mark('read', { itemIds: ['itm_1'] })).unreadCount, 3)
    assert.deepEqual(
      server.asked.map(({ authorization }) => authorization),
      ['Bearer inb_1', 'Bearer inb_1', 'Bearer inb_1', 'Bearer inb_2'],
    )
    assert.deepEqual(server.asked[3]?.body, { action: 'INBOX_ACTION_READ', itemIds: ['itm_1'] })
  })

  it('watches on over broken connections and ended tokens from where it was', async () => {
    const server = scripted(
      lines(
        { resumeToken: 'a' },
        { item: { itemId: 'itm_1' }, counts: { unreadCount: 1 }, resumeToken: 'b' },
      ),
      new TypeError('network'),
      over(),
      lines({ deletedItemId: 'itm_1', resumeToken: 'c' }),
      refusal(400, 'invalid_argument', 'notify.resume_token_invalid'),
    )
    let minted = 0
    const inbox = createInboxClient({
      baseUrl: 'http://x',
      token: () => `inb_${++minted}`,
      fetch: server.fetch,
    })
    const told: InboxChange[] = []
    const connections: boolean[] = []
    const signal = new AbortController().signal
    const watching = (async () => {
      const onConnection = (isLive: boolean) => void connections.push(isLive)
      for await (const change of inbox.watch({ resumeToken: 'start', signal, onConnection }))
        told.push(change)
    })()
    await assert.rejects(
      watching,
      (error) => error instanceof MainstayError && error.reason === 'notify.resume_token_invalid',
    )
    assert.deepEqual(
      server.asked.map(({ url }) => new URL(url).searchParams.get('resumeToken')),
      ['start', 'b', 'b', 'b', 'c'],
    )
    assert.equal(server.asked[3]?.authorization, 'Bearer inb_2')
    assert.deepEqual(
      told.map(({ item, deletedItemId }) => item?.itemId ?? deletedItemId),
      [undefined, 'itm_1', 'itm_1'],
    )
    assert.deepEqual(connections, [true, true, false, false, false, true, false])
  })

  it('tells of a token that could not be had as of a server that cannot be reached', async () => {
    const { fetch } = scripted()
    const token = () => Promise.reject(new Error('signed out'))
    const inbox = createInboxClient({ baseUrl: 'http://x', token, fetch })
    await assert.rejects(inbox.mark('seen', { all: true }), (error) => {
      assert.ok(error instanceof MainstayError)
      assert.deepEqual([error.code, error.reason], ['unavailable', 'sdk.network'])
      return true
    })
  })
})
