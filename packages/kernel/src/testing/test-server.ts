import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/index.ts'

export interface TestServer {
  postgres: EmbeddedPostgres
  /** Stops the server and removes its data. */
  stop(): Promise<void>
}

export interface TestServerOptions {
  /** Really writes to disk before it acknowledges, as in production. For crash tests and benchmarks. Default false. */
  durable?: boolean
  /** Overrides of postgresql.conf. */
  settings?: Readonly<Record<string, string>>
}

/** A PostgreSQL in a folder of its own under the system's temporary one. It ends with this process, however that ends. */
export async function startTestServer({
  durable = false,
  settings,
}: TestServerOptions = {}): Promise<TestServer> {
  const home = temporaryHome()
  const postgres = await startEmbeddedPostgres({
    home,
    settings: { ...(durable ? {} : NOT_DURABLE), max_connections: '200', ...settings },
  })
  const watchdog = startWatchdog(postgres.pid, home)
  return {
    postgres,
    async stop() {
      await postgres.stop()
      watchdog.kill('SIGKILL')
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** An empty folder that another OS user may enter, outside the repository. The caller removes it. */
export function temporaryHome(): string {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'mainstay-test-')))
  chmodSync(home, 0o755)
  return home
}

const NOT_DURABLE = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', autovacuum: 'off' }

/**
 * A shell that waits for the end of a pipe whose other end only this process holds: when we die, by whatever signal,
 * it ends the server and removes the folder, so that a killed test run leaves nothing behind.
 */
function startWatchdog(pid: number, home: string) {
  const script = `cat >/dev/null; kill -QUIT ${pid} 2>/dev/null; while kill -0 ${pid} 2>/dev/null; do sleep 0.05; done; rm -rf "$1"`
  const child = spawn('/bin/sh', ['-c', script, 'sh', home], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
  const { stdin } = child
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return child
}
