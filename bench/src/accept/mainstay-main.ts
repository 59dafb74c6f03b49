import { createLogger, loadSettings } from '@mainstay/kernel'
import { type ServerOptions, settingsTables, startServer } from '@mainstay/server'

/** What the process says once it answers calls. */
export interface ServerReady {
  pid: number
  url: string
  apiKey: string
}

/** The server as it is shipped, with its default settings but for those given: `node mainstay-main.ts <role> <home> [settings as JSON]`. */
const [role, home, more = '{}'] = process.argv.slice(2)
const server = await startServer({
  role: role as ServerOptions['role'],
  settings: loadSettings(settingsTables, {
    MAINSTAY_HOME: home,
    HTTP_PORT: '0',
    GRPC_PORT: '0',
    LOG_LEVEL: 'warn',
    ...JSON.parse(more),
  }),
  logger: createLogger({ level: 'warn', format: 'json', fields: { role } }),
})
process.once('SIGTERM', stop)
process.once('disconnect', stop)
process.send?.({
  pid: process.pid,
  url: server.httpUrl,
  apiKey: server.banner.apiKey ?? '',
} satisfies ServerReady)

let stopped = false
async function stop(): Promise<void> {
  if (stopped) return
  stopped = true
  await server.stop()
  if (process.connected) process.disconnect()
}
