import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { OsUser } from './os-user.ts'

/** For tests: a process of its own that starts the server of a home and holds it until it is killed. */
export interface Holder {
  child: ChildProcess
  /** `{ pid, adopted, connectionString }` of the server, or `{ problem, message }` of the StartError. */
  outcome: Promise<{
    pid?: number
    adopted?: boolean
    connectionString?: string
    problem?: string
    message?: string
  }>
  kill(signal?: NodeJS.Signals): Promise<void>
}

export function holdServer(home: string, as?: OsUser): Holder {
  const code = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(new URL('index.ts', import.meta.url).href)})
    try {
      const server = await startEmbeddedPostgres({ home: ${JSON.stringify(home)}, settings: { fsync: 'off' } })
      const { pid, adopted, connectionString } = server
      console.log(JSON.stringify({ pid, adopted, connectionString }))
      process.on('SIGTERM', () => server.stop().then(() => process.exit(0)))
      setInterval(() => {}, 60_000)
    } catch ({ problem, message, stack }) {
      console.log(JSON.stringify({ problem, message: message ?? stack }))
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    ...(as === undefined ? {} : { uid: as.uid, gid: as.gid }),
  })
  const outcome = (async () => {
    let text = ''
    for await (const chunk of child.stdout) {
      text += chunk
      if (text.includes('\n')) break
    }
    return JSON.parse(text)
  })()
  return {
    child,
    outcome,
    async kill(signal = 'SIGKILL') {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill(signal)
      await once(child, 'exit')
    },
  }
}
