import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { waitFor } from '../testing/index.ts'
import { defineEvent } from './index.ts'
import { useEvents } from './testing/use-events.ts'

const harness = useEvents()
const { newToken, publish, start, steps } = harness

describe('events that fail', () => {
  it('block only their own key, and keep its order', async () => {
    const token = newToken()
    const seen: string[] = []
    let broken = true
    const events = await start({
      group: 'block.test',
      tokens: [token],
      retry: { baseMs: 5, maxMs: 10, maxAttempts: 1_000 },
      handler: ({ payload }) => {
        if (payload.thing === 'bad' && payload.step === 2 && broken) throw new Error('not now')
        seen.push(`${payload.thing} ${payload.step}`)
      },
    })
    await publish(events, token, [...steps('bad', 4), ...steps('good', 3)])
    await waitFor(() => seen.includes('good 3'))
    assert.deepEqual(
      seen.filter((entry) => entry.startsWith('bad')),
      ['bad 1'],
    )
    await publish(events, token, [{ thing: 'bad', step: 5 }])
    broken = false
    await waitFor(() => seen.includes('bad 5'))
    assert.deepEqual(
      seen.filter((entry) => entry.startsWith('bad')),
      ['bad 1', 'bad 2', 'bad 3', 'bad 4', 'bad 5'],
    )
    await publish(events, token, [{ thing: 'bad', step: 6 }])
    await waitFor(() => seen.includes('bad 6'))
  })

  it('again and again become dead letters, which can be listed, replayed and discarded', async () => {
    const token = newToken()
    const group = 'dead.test'
    const attempts: number[] = []
    const seen: number[] = []
    let broken = true
    const events = await start({
      group,
      tokens: [token],
      retry: { baseMs: 1, maxMs: 1, maxAttempts: 3 },
      handler: ({ payload, attempt }) => {
        if (payload.step === 1 && broken) {
          attempts.push(attempt)
          throw new TypeError('cannot digest this')
        }
        seen.push(payload.step)
      },
    })
    await publish(events, token, steps('meal', 2))
    await waitFor(() => seen.includes(2), { what: 'the event behind the dead one' })
    assert.deepEqual(attempts, [1, 2, 3])
    const [letter, ...others] = await events.deadLetters.list({ group })
    assert.ok(letter)
    assert.deepEqual(others, [])
    assert.equal(letter.name, token.name)
    assert.equal(letter.attempts, 3)
    assert.equal(letter.error, 'TypeError: cannot digest this')
    assert.deepEqual(letter.payload, { thing: 'meal', step: 1 })

    broken = false
    assert.equal(await events.deadLetters.replay([letter.id]), 1)
    await waitFor(() => seen.includes(1), { what: 'the replay' })
    assert.deepEqual(await events.deadLetters.list({ group }), [])

    broken = true
    await publish(events, token, steps('other', 1))
    const again = await waitFor(async () => (await events.deadLetters.list({ group }))[0])
    assert.equal(await events.deadLetters.discard([again.id]), 1)
    assert.deepEqual(await events.deadLetters.list({ group }), [])
  })

  it('without a key wait for nobody, and one attempt can be all', async () => {
    const token = defineEvent<number>('test.loose')
    const group = 'loose.test'
    const seen: number[] = []
    const events = await start<number>({
      group,
      tokens: [token],
      retry: { maxAttempts: 1 },
      handler: ({ payload }) => {
        if (payload === 1) throw new Error('never')
        seen.push(payload)
      },
    })
    await harness.db.transaction((tx) => events.publishMany(tx, token, [1, 2, 3]))
    await waitFor(() => seen.length === 2)
    const [letter] = await waitFor(async () => {
      const letters = await events.deadLetters.list({ group })
      return letters.length > 0 && letters
    })
    assert.equal(letter?.attempts, 1)
  })

  it('after their commit take effect once when the consumer says `once`', async () => {
    const token = newToken()
    const group = 'once.test'
    await harness.db.query({ text: 'CREATE TABLE ledger (thing text, step int)' })
    const outcomes: boolean[] = []
    const events = await start({
      group,
      tokens: [token],
      retry: { baseMs: 1, maxAttempts: 5 },
      async handler({ payload, attempt }, delivery) {
        outcomes.push(
          await delivery.once(async (tx) => {
            await tx.query({
              text: 'INSERT INTO ledger VALUES ($1, $2)',
              values: [payload.thing, payload.step],
            })
          }),
        )
        if (attempt < 3) throw new Error('after the commit')
      },
    })
    await publish(events, token, steps('coin', 1))
    await waitFor(() => outcomes.length === 3)
    assert.deepEqual(outcomes, [true, false, false])
    const { rows } = await harness.db.query({ text: 'SELECT * FROM ledger' })
    assert.deepEqual(rows, steps('coin', 1))
  })

  it('include those that a handler sits on for too long', async () => {
    const token = newToken()
    let aborted = false
    const seen: number[] = []
    const events = await start({
      group: 'slow.test',
      tokens: [token],
      timeoutMs: 20,
      retry: { baseMs: 1 },
      async handler({ attempt }, { signal }) {
        if (attempt > 1) return void seen.push(attempt)
        await new Promise<void>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true
            reject(signal.reason)
          })
        })
      },
    })
    await publish(events, token, steps('slow', 1))
    await waitFor(() => seen.length === 1)
    assert.equal(aborted, true)
    assert.deepEqual(seen, [2])
  })
})
