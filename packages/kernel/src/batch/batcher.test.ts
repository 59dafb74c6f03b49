import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../errors.ts'
import { createBatcher } from './batcher.ts'

describe('a batcher', () => {
  test('lets calls of one turn share a batch, and those that come meanwhile the next', async () => {
    const batches: number[][] = []
    const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>()
    const batcher = createBatcher<number, number>({
      concurrency: 1,
      async run(asks) {
        batches.push([...asks])
        await mayAnswer
        return asks.map((ask) => ask * 2)
      },
    })
    const first = [1, 2, 3].map((ask) => batcher.submit(ask))
    await new Promise(setImmediate)
    const second = [4, 5].map((ask) => batcher.submit(ask))
    await new Promise(setImmediate)
    answer()
    assert.deepEqual(await Promise.all([...first, ...second]), [2, 4, 6, 8, 10])
    assert.deepEqual(batches, [
      [1, 2, 3],
      [4, 5],
    ])
  })

  test('takes no more than it may', async () => {
    const sizes: number[] = []
    const batcher = createBatcher<number, number>({
      maxBatch: 10,
      async run(asks) {
        sizes.push(asks.length)
        return asks
      },
    })
    await Promise.all(Array.from({ length: 35 }, (_, ask) => batcher.submit(ask)))
    assert.deepEqual(sizes, [10, 10, 10, 5])
  })

  test('never has two asks of one key under way, and keeps their order', async () => {
    const seen: string[] = []
    const underWay = new Set<string>()
    const batcher = createBatcher<string, string>({
      keyOf: (ask) => ask[0] ?? '',
      concurrency: 3,
      maxBatch: 2,
      async run(asks) {
        const keys = asks.map((ask) => ask[0] ?? '')
        for (const key of keys) {
          assert.ok(!underWay.has(key), `${key} is under way`)
          underWay.add(key)
        }
        assert.equal(new Set(keys).size, keys.length)
        await new Promise(setImmediate)
        for (const key of keys) underWay.delete(key)
        seen.push(...asks)
        return asks
      },
    })
    const asks = ['a1', 'a2', 'b1', 'a3', 'c1', 'b2', 'c2', 'a4']
    assert.deepEqual(await Promise.all(asks.map((ask) => batcher.submit(ask))), asks)
    for (const key of ['a', 'b', 'c']) {
      const of = seen.filter((ask) => ask.startsWith(key))
      assert.deepEqual(of, of.toSorted())
    }
  })

  test('tries each ask alone when the batch fails, so that one takes none with it', async () => {
    const batcher = createBatcher<number, number>({
      async run(asks) {
        if (asks.includes(3)) throw new Error('three')
        return asks
      },
    })
    const settled = await Promise.allSettled([1, 2, 3, 4].map((ask) => batcher.submit(ask)))
    assert.deepEqual(
      settled.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason))),
      [1, 2, 'Error: three', 4],
    )
  })

  test('refuses what it could not keep', async () => {
    const batcher = createBatcher<number, number>({ maxWaiting: 2, run: async (asks) => asks })
    const kept = [batcher.submit(1), batcher.submit(2)]
    assert.throws(
      () => batcher.submit(3),
      (error) => error instanceof AppError && error.reason === 'kernel.database_busy',
    )
    assert.deepEqual(await Promise.all(kept), [1, 2])
  })
})
