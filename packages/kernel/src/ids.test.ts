import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromTypeId, idTimeMs, isUuid, minIdAt, newId, toTypeId } from './ids.ts'
import { createFakeClock } from './testing/clock.ts'

const anyUuid = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
)

test('ids are UUIDs of version 7 that carry their time', () => {
  const clock = createFakeClock('2026-03-04T05:06:07.089Z')
  const id = newId(clock)
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(idTimeMs(id), clock.nowMs())
  assert.ok(minIdAt(clock.nowMs()) <= id && id < minIdAt(clock.nowMs() + 1))
})

test('ids only ever grow, within one millisecond and when the clock steps back', () => {
  const clock = createFakeClock()
  const ids: string[] = []
  for (let index = 0; index < 20_000; index++) {
    if (index === 10_000) clock.advance(-5_000)
    ids.push(newId(clock))
  }
  assert.deepEqual(ids, [...new Set(ids)].sort())
})

test('a fake clock in the past is not dragged to the present', () => {
  newId()
  assert.equal(idTimeMs(newId(createFakeClock(5))), 5)
})

test('the ids of the TypeID specification read and write as it says', () => {
  // https://github.com/jetify-com/typeid/blob/main/spec/valid.yml
  const vectors = [
    ['00000000-0000-0000-0000-000000000000', 'prefix_00000000000000000000000000'],
    ['00000000-0000-0000-0000-000000000001', 'prefix_00000000000000000000000001'],
    ['00000000-0000-0000-0000-00000000000a', 'prefix_0000000000000000000000000a'],
    ['00000000-0000-0000-0000-000000000010', 'prefix_0000000000000000000000000g'],
    ['00000000-0000-0000-0000-000000000020', 'prefix_00000000000000000000000010'],
    ['ffffffff-ffff-ffff-ffff-ffffffffffff', 'prefix_7zzzzzzzzzzzzzzzzzzzzzzzzz'],
    ['0110c853-1d09-52d8-d73e-1194e95b5f19', 'prefix_0123456789abcdefghjkmnpqrs'],
    ['01890a5d-ac96-774b-bcce-b302099a8057', 'prefix_01h455vb4pex5vsknk084sn02q'],
  ] as const
  for (const [uuid, text] of vectors) {
    assert.equal(toTypeId('prefix', uuid), text)
    assert.equal(fromTypeId('prefix', text), uuid)
  }
})

test('every uuid survives the way out and back, and keeps its order', () => {
  fc.assert(
    fc.property(anyUuid, anyUuid, (a, b) => {
      assert.equal(fromTypeId('msg', toTypeId('msg', a)), a)
      assert.equal(a < b, toTypeId('msg', a) < toTypeId('msg', b))
    }),
  )
})

test('text that is not an id of this prefix is undefined, whatever it is', () => {
  const good = toTypeId('msg', newId())
  const bad = ['', 'msg', good.slice(1), `${good}0`, good.replace('msg', 'key'), good.toUpperCase()]
  bad.push(`msg_8${good.slice(5)}`, `${good.slice(0, -1)}l`, `${good.slice(0, -1)}é`, good.replace('_', '-'))
  for (const text of bad) assert.equal(fromTypeId('msg', text), undefined, text)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const uuid = fromTypeId('msg', text)
      assert.ok(uuid === undefined || toTypeId('msg', uuid) === text)
    }),
  )
})

test('a prefix or a uuid that cannot make an id is refused', () => {
  for (const prefix of ['', 'Msg', '_msg', 'msg_', 'a'.repeat(64), 'm1']) {
    assert.throws(() => toTypeId(prefix, newId()), TypeError, prefix)
  }
  assert.throws(() => toTypeId('msg', 'not-a-uuid'), TypeError)
  assert.equal(isUuid(newId().toUpperCase()), true)
  assert.equal(isUuid(`${newId()}0`), false)
})
