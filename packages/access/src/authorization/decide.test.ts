import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { permissionsAllow } from '../grants.ts'
import { allowingRoles, compileRules } from './decide.ts'

test('a role, compiled, allows what a plain reading of its permissions does', () => {
  const permission = fc.constantFrom('a.b', 'a.c', 'a.b.c', 'b.a', 'a.*', 'b.*', '*', 'ab.c')
  const action = fc.constantFrom('a.b', 'a.c', 'a.b.c', 'b.a', 'ab.c', 'c.a')
  fc.assert(
    fc.property(fc.array(fc.array(permission), { maxLength: 4 }), action, (permissions, wanted) => {
      const rows = permissions.map((some, index) => ({
        ...{
          role: `r${index}`,
          display_name: '',
          permissions: some,
          version: 1,
          update_time: new Date(0),
        },
      }))
      const roles = rows.map(({ role }) => role)
      const plain = rows
        .filter(({ permissions: some }) => some.some((one) => permissionsAllow(new Set([one]), wanted)))
        .map(({ role }) => role)
      assert.deepEqual(allowingRoles(compileRules(rows, []), roles, wanted), plain)
    }),
  )
})
