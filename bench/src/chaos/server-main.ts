/** Mainstay as it is shipped, one role of it: `node server-main.ts <ServerTask as JSON>`. It ends with its parent, or is killed. */
import { flushCompileCache } from 'node:module'
import { createLogger, loadSettings } from '@mainstay/kernel'
import { settingsTables, startServer } from '@mainstay/server'
import { PUBLIC_URL, SETTINGS } from './plan.ts'

export interface ServerTask {
  role: 'api' | 'worker'
  home: string
  databaseUrl: string
  /** Where the peers stand that are in the services' places. */
  peerOrigin?: string
}

/** What it says once it is at work. */
export interface ServerReady {
  url: string
  /** Signs an operator in, once. */
  token: string
}

const { role, home, databaseUrl, peerOrigin } = JSON.parse(process.argv[2] ?? '') as ServerTask
process.once('disconnect', () => process.exit(0))
const server = await startServer({
  role,
  settings: loadSettings(settingsTables, {
    MAINSTAY_HOME: home,
    DATABASE_URL: databaseUrl,
    MAINSTAY_PUBLIC_URL: PUBLIC_URL,
    HTTP_PORT: '0',
    GRPC_PORT: '0',
    LOG_LEVEL: 'fatal',
    ...SETTINGS,
  }),
  logger: createLogger({ level: 'fatal', format: 'json', fields: { role } }),
  ...(peerOrigin === undefined ? {} : { resolveServiceUrl: (url: string) => at(peerOrigin, url) }),
})
// They are killed before they could write it.
flushCompileCache()
process.send?.({
  url: server.httpUrl,
  token: role === 'api' ? await createToken() : '',
} satisfies ServerReady)

/** `https://api.example/path` is found at `http://peer/api.example/path`. */
function at(origin: string, url: string): string {
  const { hostname, pathname, search } = new URL(url)
  return `${origin}/${hostname}${pathname}${search}`
}

async function createToken(): Promise<string> {
  const { access } = server.program
  const { operator } = await access.ensureBootstrap()
  return (await access.createSignInLink(operator.operator_id)).token
}
