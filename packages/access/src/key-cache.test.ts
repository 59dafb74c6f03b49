import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nobody } from '@mainstay/rpc'
import { createKeyCache, type KeyQuestion, type KeyVerdict } from './key-cache.ts'

/** A database that answers when the test lets it. */
function createPeer() {
  const calls: {
    questions: readonly KeyQuestion[]
    answer(revision: bigint, ok?: boolean): void
    fail(): void
  }[] = []
  let nowMs = 0
  const cache = createKeyCache({
    monotonicMs: () => nowMs,
    maxKeys: 3,
    maxRefusals: 3,
    ask: (questions) =>
      new Promise((resolve, reject) => {
        calls.push({
          questions,
          answer: (revision, ok = true) => resolve({ revision, verdicts: questions.map(() => verdict(ok)) }),
          fail: () => reject(new Error('the database is gone')),
        })
      }),
  })
  const asked = async (count: number) => {
    for (let turn = 0; turn < 20 && calls.length < count; turn++) await Promise.resolve()
    assert.equal(calls.length, count)
    const call = calls[count - 1]
    assert.ok(call)
    return call
  }
  return { cache, calls, asked, advance: (ms: number) => (nowMs += ms) }
}

function verdict(ok: boolean): KeyVerdict {
  if (!ok) return { ok, refusal: 'access.api_key_invalid' }
  const key = {
    caller: nobody,
    projectId: 'p',
    apiKeyId: 'k',
    projectSlug: 's',
    expireTimeMs: Infinity,
    notedUseMs: 0,
  }
  return { ok, key }
}

const question = (publicId: string): KeyQuestion => ({ publicId, secretHash: Buffer.alloc(32) })

async function remember(peer: ReturnType<typeof createPeer>, name: string, revision = 1n, ok = true) {
  const answered = peer.cache.ask(name, question(name))
  ;(await peer.asked(peer.calls.length + 1)).answer(revision, ok)
  return await answered
}

describe('the cache of checked keys', () => {
  test('a key that was asked about is known without asking', async () => {
    const peer = createPeer()
    assert.equal(peer.cache.peek('a'), undefined)
    await remember(peer, 'a')
    assert.ok(peer.cache.peek('a')?.ok)
    assert.equal(peer.calls.length, 1)
  })

  test('the lease runs out in under a second, even when no notification ever comes', async () => {
    const peer = createPeer()
    await remember(peer, 'a')
    peer.advance(799)
    assert.ok(peer.cache.peek('a'))
    peer.advance(2)
    assert.equal(peer.cache.peek('a'), undefined)
  })

  test('a key in use renews the lease with one read in the background, however many hits there are', async () => {
    const peer = createPeer()
    await remember(peer, 'a')
    peer.advance(400)
    for (let hit = 0; hit < 100; hit++) assert.ok(peer.cache.peek('a'))
    const renewal = await peer.asked(2)
    assert.equal(renewal.questions.length, 0)
    renewal.answer(1n)
    await new Promise(setImmediate)
    peer.advance(700) // 1,100 ms after the first read, 700 after the renewal was sent
    assert.ok(peer.cache.peek('a'))
  })

  test('the lease counts from when the read was sent, not from when it was answered', async () => {
    const peer = createPeer()
    const answered = peer.cache.ask('a', question('a'))
    const call = await peer.asked(1)
    peer.advance(500)
    call.answer(1n)
    await answered
    peer.advance(301)
    assert.equal(peer.cache.peek('a'), undefined)
  })

  test('a grown revision forgets every key', async () => {
    const peer = createPeer()
    await remember(peer, 'a')
    await remember(peer, 'b', 2n)
    assert.equal(peer.cache.peek('a'), undefined)
    assert.ok(peer.cache.peek('b'))
  })

  test('a flush forgets every key at once', async () => {
    const peer = createPeer()
    await remember(peer, 'a')
    peer.cache.flush()
    assert.equal(peer.cache.peek('a'), undefined)
  })

  test('an answer that was on its way when a key changed is not remembered', async () => {
    const peer = createPeer()
    const answered = peer.cache.ask('a', question('a'))
    const call = await peer.asked(1)
    peer.cache.flush()
    call.answer(1n)
    assert.ok((await answered).ok)
    assert.equal(peer.cache.peek('a'), undefined)
  })

  test('questions at once share a statement, and none joins one that is on its way', async () => {
    const peer = createPeer()
    const first = [peer.cache.ask('a', question('a')), peer.cache.ask('b', question('b'))]
    const call = await peer.asked(1)
    assert.deepEqual(
      call.questions.map(({ publicId }) => publicId),
      ['a', 'b'],
    )
    const second = [peer.cache.ask('a', question('a')), peer.cache.ask('c', question('c'))]
    await new Promise(setImmediate)
    assert.equal(peer.calls.length, 1)
    call.answer(1n)
    await Promise.all(first)
    const next = await peer.asked(2)
    assert.deepEqual(
      next.questions.map(({ publicId }) => publicId),
      ['a', 'c'],
    )
    next.answer(1n)
    await Promise.all(second)
  })

  test('while the database is gone, nobody is known once the lease has run out', async () => {
    const peer = createPeer()
    await remember(peer, 'a')
    peer.advance(400)
    assert.ok(peer.cache.peek('a'))
    ;(await peer.asked(2)).fail()
    await new Promise(setImmediate)
    peer.advance(500)
    assert.equal(peer.cache.peek('a'), undefined)
    const answered = peer.cache.ask('a', question('a'))
    ;(await peer.asked(3)).fail()
    await assert.rejects(answered, /the database is gone/)
  })

  test('refusals are remembered, apart from keys and only so many', async () => {
    const peer = createPeer()
    await remember(peer, 'good')
    for (const name of ['w1', 'w2', 'w3', 'w4']) await remember(peer, name, 1n, false)
    assert.equal(peer.cache.peek('w1'), undefined)
    for (const name of ['w2', 'w3', 'w4']) assert.equal(peer.cache.peek(name)?.ok, false)
    assert.ok(peer.cache.peek('good'))
  })

  test('keys are bounded too: the oldest makes room', async () => {
    const peer = createPeer()
    for (const name of ['a', 'b', 'c', 'd']) await remember(peer, name)
    assert.equal(peer.cache.peek('a'), undefined)
    for (const name of ['b', 'c', 'd']) assert.ok(peer.cache.peek(name))
  })
})
