import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  formatSnapshot,
  parseSnapshot,
  readResumeToken,
  type Snapshot,
  seenBelow,
  toResumeToken,
} from './position.ts'

const xids = fc.uniqueArray(fc.bigInt(1n, 10_000n), { maxLength: 40 })
const snapshots: fc.Arbitrary<Snapshot> = fc
  .tuple(fc.bigInt(10_001n, 2n ** 60n), xids)
  .map(([xmax, running]) => ({
    xmax,
    running: running.sort((a, b) => (a < b ? -1 : 1)),
  }))

/** pg_visible_in_snapshot */
function sees({ xmax, running }: Snapshot, xid: bigint): boolean {
  return xid < xmax && !running.includes(xid)
}

describe('a watcher’s position', () => {
  it('is read back from its token as it was, or as one that has seen less', () => {
    fc.assert(
      fc.property(snapshots, fc.nat(2 ** 40), fc.bigInt(1n, 12_000n), (snapshot, timeMs, xid) => {
        const token = toResumeToken({ snapshot, timeMs })
        assert.ok(token.length <= 256)
        const read = readResumeToken(token)
        assert.equal(read.timeMs, timeMs)
        if (sees(read.snapshot, xid)) assert.ok(sees(snapshot, xid))
        if (snapshot.running.length < 20) assert.deepEqual(read.snapshot, snapshot)
      }),
    )
  })

  it('has seen, below a transaction, what it had seen and nothing from there on', () => {
    fc.assert(
      fc.property(snapshots, fc.bigInt(1n, 12_000n), fc.bigInt(1n, 12_000n), (snapshot, bound, xid) => {
        const below = seenBelow(snapshot, bound)
        assert.equal(sees(below, xid), xid < bound && sees(snapshot, xid))
        assert.deepEqual(parseSnapshot(formatSnapshot(below)), below)
      }),
    )
  })

  it('is refused when it is not one that PostgreSQL would take', () => {
    for (const text of [
      '',
      '1:2',
      '5:5:7',
      '1:9:4,3',
      '1:9:3,3',
      '1:0:',
      '1:9223372036854775808:',
      'x:y:',
      '1:2:3:',
    ]) {
      assert.equal(parseSnapshot(text), undefined, text)
    }
  })

  it('refuses whatever else is sent as a token, and never fails otherwise', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 256 }), (token) => {
        assert.throws(() => readResumeToken(token), {
          code: 'invalid_argument',
          reason: 'notify.resume_token_invalid',
        })
      }),
    )
  })
})
