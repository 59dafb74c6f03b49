import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Store } from './databases.ts'

export const REDIS_SERVER = '/usr/bin/redis-server'

/** A Redis of its own that writes every change to disk before it answers, as durable as the others. */
export async function startRedis(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-bench-redis-'))
  const port = await findFreePort()
  const args = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', appendfsync: 'always', save: '' }
  const flags = Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)])
  const server = spawn(REDIS_SERVER, flags, { stdio: 'ignore' })
  const client = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: null })
  client.on('error', () => {}) // it is not listening yet, and the client tries again
  await client.ping()
  client.disconnect()
  return {
    url: `redis://127.0.0.1:${port}`,
    async settle() {},
    async drop() {
      const ended = once(server, 'exit')
      server.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
