import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * For a test that needs a program of the system: `test('…', { skip: skipUnless('redis-server') }, …)`. Without the
 * program the test is skipped and says why; in CI, where nothing may go untested unnoticed, this throws.
 */
export function skipUnless(program: string): string | false {
  if (isInstalled(program)) return false
  const reason = `skipped: needs ${program}`
  if (process.env.CI && process.env.CI !== 'false') throw new Error(`${reason}, and in CI nothing is skipped`)
  return reason
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
