import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Feed, type FeedSource, type FeedView, mergeChanges } from './feed.ts'

interface Row {
  id: string
  revision: number
  state: string
}

const row = (id: string, revision = 1, state = 'queued'): Row => ({ id, revision, state })

test('the first page and the changes that came while it loaded are shown together', async () => {
  const server = fakeServer({ '': { rows: [row('b'), row('a')], nextPageToken: '' } })
  const { feed, stop } = open(server)
  server.push(row('c'))
  server.push(row('b', 2, 'sent'))
  server.openPage('')
  await until(feed, (view) => view.rows.length === 3)
  assert.deepEqual(states(feed), ['c queued', 'b sent', 'a queued'])
  stop()
})

test('a change that is older than the row on screen is dropped', async () => {
  const server = fakeServer({ '': { rows: [row('a', 5, 'delivered')], nextPageToken: '' } })
  const { feed, stop } = open(server)
  server.openPage('')
  await until(feed, (view) => view.status === 'ready')
  server.push(row('a', 3, 'sending'))
  server.push(row('b'))
  await until(feed, (view) => view.rows.length === 2)
  assert.deepEqual(states(feed), ['b queued', 'a delivered'])
  stop()
})

test('a watch that is refused for good is not opened again', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const server = fakeServer({ '': { rows: [row('a')], nextPageToken: '' } })
  const { feed, stop } = open(server)
  await new Promise((resolve) => setImmediate(resolve))
  server.breakWatch(new RangeError('the session has ended'))
  while (feed.view().connection !== 'broken') await new Promise((resolve) => setImmediate(resolve))
  context.mock.timers.tick(60_000)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(server.watches(), 1)
  stop()
})

test('while paused nothing moves and the rows that wait are counted once each', async () => {
  const server = fakeServer({ '': { rows: [row('a')], nextPageToken: '' } })
  const { feed, stop } = open(server)
  server.openPage('')
  await until(feed, (view) => view.status === 'ready')
  feed.pause()
  server.push(row('b'))
  server.push(row('b', 2, 'sent'))
  server.push(row('c'))
  await until(feed, (view) => view.waiting === 2)
  assert.deepEqual(states(feed), ['a queued'])
  feed.resume()
  assert.deepEqual(states(feed), ['c queued', 'b sent', 'a queued'])
  assert.equal(feed.view().waiting, 0)
  stop()
})

test('a row that stops belonging leaves the list', async () => {
  const server = fakeServer({ '': { rows: [row('b'), row('a')], nextPageToken: '' } })
  const { feed, stop } = open(server, (candidate) => candidate.state === 'queued')
  server.openPage('')
  await until(feed, (view) => view.status === 'ready')
  server.push(row('b', 2, 'sent'))
  await until(feed, (view) => view.rows.length === 1)
  assert.deepEqual(states(feed), ['a queued'])
  stop()
})

test('older pages are added below, and one that fails can be asked for again', async () => {
  const server = fakeServer({
    '': { rows: [row('d'), row('c')], nextPageToken: 'next' },
    next: { rows: [row('b'), row('a')], nextPageToken: '' },
  })
  const { feed, stop } = open(server)
  server.openPage('')
  await until(feed, (view) => view.status === 'ready')
  server.failNext(new Error('no connection'))
  await feed.loadMore()
  assert.match(String(feed.view().moreError), /no connection/)
  await feed.loadMore()
  assert.equal(feed.view().rows.length, 2, 'scrolling on does not hammer a failing server')
  server.openPage('next')
  await feed.loadMore(true)
  assert.deepEqual(states(feed), ['d queued', 'c queued', 'b queued', 'a queued'])
  assert.equal(feed.view().hasMore, false)
  stop()
})

test('a first page that fails is told, and read on retry', async () => {
  const server = fakeServer({ '': { rows: [row('a')], nextPageToken: '' } })
  server.failNext(new Error('down'))
  const { feed, stop } = open(server)
  await until(feed, (view) => view.status === 'failed')
  server.openPage('')
  feed.retry()
  await until(feed, (view) => view.status === 'ready')
  assert.deepEqual(states(feed), ['a queued'])
  stop()
})

test('a broken watch is opened again, and what it missed is read without losing older pages', async () => {
  const server = fakeServer({
    '': { rows: [row('c'), row('b')], nextPageToken: 'next' },
    next: { rows: [row('a')], nextPageToken: '' },
  })
  const { feed, stop } = open(server)
  server.openPage('')
  server.openPage('next')
  await until(feed, (view) => view.status === 'ready')
  await feed.loadMore()
  server.pages[''] = { rows: [row('d'), row('c', 2, 'sent')], nextPageToken: 'next' }
  server.breakWatch()
  await until(feed, (view) => view.connection === 'broken')
  await until(feed, (view) => view.rows.length === 4)
  assert.deepEqual(states(feed), ['d queued', 'c sent', 'b queued', 'a queued'])
  server.push(row('e'))
  await until(feed, (view) => view.connection === 'live' && view.rows.length === 5)
  stop()
})

test('changes below the last row that was read wait for their own page', () => {
  const source = { id: (one: Row) => one.id, revision: (one: Row) => one.revision, belongs: () => true }
  const shown = [row('d'), row('c')]
  const changed = new Map([['a', row('a', 2)]])
  assert.equal(mergeChanges(shown, changed, source, true).length, 2)
  assert.equal(mergeChanges(shown, changed, source, false).length, 3)
})

test('rows that did not change keep their identity', () => {
  const source = { id: (one: Row) => one.id, revision: (one: Row) => one.revision, belongs: () => true }
  const shown = [row('c'), row('b')]
  const merged = mergeChanges(shown, new Map([['b', row('b', 2, 'sent')]]), source, false)
  assert.equal(merged[0], shown[0])
  assert.notEqual(merged[1], shown[1])
})

function open(server: ReturnType<typeof fakeServer>, belongs: (row: Row) => boolean = () => true) {
  const feed = new Feed<Row>({ ...server.source, belongs })
  return { feed, stop: feed.start() }
}

/** A source whose pages open when the test says so and whose watch the test writes. */
function fakeServer(pages: Record<string, { rows: Row[]; nextPageToken: string }>) {
  const opened = new Map<string, PromiseWithResolvers<void>>()
  const gate = (token: string) => {
    const known = opened.get(token) ?? Promise.withResolvers<void>()
    opened.set(token, known)
    return known
  }
  const queue: Row[] = []
  let wake = Promise.withResolvers<void>()
  let failure: Error | undefined
  let broken: Error | undefined
  let watches = 0
  const signalWatch = () => {
    wake.resolve()
    wake = Promise.withResolvers<void>()
  }
  const source: Omit<FeedSource<Row>, 'belongs'> = {
    async loadPage(token) {
      if (failure) {
        const thrown = failure
        failure = undefined
        throw thrown
      }
      await gate(token).promise
      const page = pages[token]
      assert.ok(page)
      return page
    },
    async *watch(signal) {
      watches++
      while (!signal.aborted) {
        while (queue.length > 0) yield { row: queue.shift() }
        if (broken) {
          const thrown = broken
          broken = undefined
          throw thrown
        }
        const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        await Promise.race([wake.promise, aborted])
      }
    },
    id: (one) => one.id,
    revision: (one) => one.revision,
    isRefusal: (error) => error instanceof RangeError,
  }
  return {
    watches: () => watches,
    source,
    pages,
    openPage: (token: string) => gate(token).resolve(),
    failNext(error: Error) {
      failure = error
    },
    push(one: Row) {
      queue.push(one)
      signalWatch()
    },
    breakWatch(error = new Error('connection lost')) {
      broken = error
      signalWatch()
    },
  }
}

function states(feed: Feed<Row>): string[] {
  return feed.view().rows.map((one) => `${one.id} ${one.state}`)
}

/** Resolves as soon as the feed shows it; fails after five seconds. */
function until(feed: Feed<Row>, holds: (view: FeedView<Row>) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      off()
      reject(new Error(`The feed never got there: ${JSON.stringify(feed.view())}`))
    }, 5_000)
    const check = () => {
      if (!holds(feed.view())) return
      clearTimeout(deadline)
      off()
      resolve()
    }
    const off = feed.subscribe(check)
    check()
  })
}
