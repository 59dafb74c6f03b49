import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createHealth } from './health.ts'

describe('health', () => {
  it('is ready when every check passes, and says which one does not', async () => {
    const health = createHealth()
    health.addCheck('database', async () => {})
    assert.equal((await health.ready()).ok, true)
    health.addCheck('mail', () => {
      throw new Error('secret host name')
    })
    const readiness = await health.ready()
    assert.equal(readiness.ok, false)
    assert.equal(readiness.checks.database?.ok, true)
    assert.equal(readiness.checks.mail?.problem, 'failed')
    assert.equal(JSON.stringify(readiness).includes('secret'), false)
  })

  it('does not wait for a check that hangs', async () => {
    const health = createHealth()
    health.addCheck('stuck', () => new Promise(() => {}), { timeoutMs: 5 })
    assert.equal((await health.ready()).checks.stuck?.problem, 'timed out')
  })

  it('runs each check once for a crowd of probes, and again after a second', async () => {
    let runs = 0
    let at = 0
    const health = createHealth({ now: () => at })
    health.addCheck('counted', async () => {
      runs++
    })
    await Promise.all(Array.from({ length: 50 }, () => health.ready()))
    assert.equal(runs, 1)
    at = 999
    await health.ready()
    assert.equal(runs, 1)
    at = 1_000
    await health.ready()
    assert.equal(runs, 2)
  })

  it('logs a failing check once, and once more when it recovers', async () => {
    const log: string[] = []
    const write = (_fields: unknown, message?: string): void => void log.push(message ?? '')
    let broken = true
    const health = createHealth({ cacheMs: 0, logger: { warn: write, info: write } as never })
    health.addCheck('db', () => {
      if (broken) throw new Error('down')
    })
    await health.ready()
    await health.ready()
    broken = false
    await health.ready()
    await health.ready()
    assert.deepEqual(log, ['a readiness check fails', 'a readiness check passes again'])
  })

  it('is alive but not ready while it drains', async () => {
    const health = createHealth()
    health.drain()
    assert.equal(health.live(), true)
    assert.deepEqual(await health.ready(), { ok: false, draining: true, checks: {} })
  })
})
