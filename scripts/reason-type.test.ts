import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { reasons as access } from '../packages/access/src/errors.ts'
import { reasons as notify } from '../packages/notify/src/errors.ts'
import { renderReasonType } from './reason-type.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

test("the SDK's union holds every reason of every table, and no other", () => {
  const members = [...renderReasonType(root).matchAll(/^ {2}\| '(.+)'$/gm)].map(([, reason]) =>
    String(reason),
  )
  for (const [capability, table] of Object.entries({ access, notify })) {
    const own = members.filter((reason) => reason.startsWith(`${capability}.`))
    assert.deepEqual(own.sort(), Object.keys(table).sort())
  }
  assert.ok(members.includes('kernel.internal') && members.includes('rpc.field_invalid'))
})
