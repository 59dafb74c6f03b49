import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { createFakeClock, skipUnless, waitFor } from './index.ts'

test('a fake clock stands still until it is moved', () => {
  const clock = createFakeClock('2026-01-01T00:00:00Z')
  clock.advance(1500)
  assert.equal(clock.now().toISOString(), '2026-01-01T00:00:01.500Z')
  clock.set(0)
  assert.equal(clock.nowMs(), 0)
})

test('waiting returns the fact it waited for', async () => {
  let calls = 0
  const found = await waitFor(async () => (++calls === 3 ? 'found' : undefined))
  assert.equal(found, 'found')
})

test('waiting in vain says what for, and keeps the last error', async () => {
  const cause = new Error('not yet')
  const check = () => {
    throw cause
  }
  await assert.rejects(waitFor(check, { timeoutMs: 20, what: 'the mail' }), {
    message: 'Waited 20 ms for the mail',
    cause,
  })
})

test('a test without its program is skipped at home and fails in CI', () => {
  assert.equal(skipUnless('sh'), false)
  const script = `import { skipUnless } from ${JSON.stringify(import.meta.resolve('./engines.ts'))}
    console.log(skipUnless('no-such-program'))`
  const run = (CI: string) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: '/bin', CI },
      encoding: 'utf8',
    })
  assert.equal(run('').stdout, 'skipped: needs no-such-program\n')
  assert.match(run('true').stderr, /needs no-such-program, and in CI nothing is skipped/)
})
