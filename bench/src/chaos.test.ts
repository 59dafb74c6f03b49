import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bench } from './chaos.ts'

test('nothing is lost and nothing comes twice in silence, whatever workers and providers do (3,000 messages; npm run bench -- chaos has 1,000,000)', async () => {
  const {
    figures,
    targets,
    limits = {},
    ok,
  } = await bench.run({ quick: true, check: true, recipients: 3_000 })
  const missed = [
    ...Object.entries(targets).filter(([name, least]) => !((figures[name] ?? Number.NaN) >= least)),
    ...Object.entries(limits).filter(([name, most]) => !((figures[name] ?? Number.NaN) <= most)),
  ].map(([name, bound]) => `${name} is ${figures[name]}, and not ${bound}`)
  assert.deepEqual(missed, [])
  assert.ok(ok)
})
