/** The server as it is shipped, with an app that people sign in to: `node mainstay-main.ts <home> <master key> <settings as JSON>`. */

import { codesOf } from '@mainstay/identity/testing'
import { createLogger, fromTypeId, loadSettings, newTrace } from '@mainstay/kernel'
import { type CallContext, nobody } from '@mainstay/rpc'
import { settingsTables, startServer } from '@mainstay/server'
import type { CheckAsk, CheckTold, Ready } from './task.ts'

const TOKENS = 200
let callers = 0
const [home, masterKey = '', more = '{}'] = process.argv.slice(2)
const server = await startServer({
  role: 'all',
  settings: loadSettings(settingsTables, {
    ...{
      MAINSTAY_HOME: home,
      MAINSTAY_MASTER_KEY: masterKey,
      HTTP_PORT: '0',
      GRPC_PORT: '0',
      LOG_LEVEL: 'warn',
    },
    ...JSON.parse(more),
  }),
  logger: createLogger({ level: 'warn', format: 'json' }),
})
const post = async (path: string, body: unknown, token = ''): Promise<Record<string, string>> => {
  const answer = await fetch(server.httpUrl + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': `10.0.${++callers % 250}.${callers % 249}`,
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as Record<string, string>
}
const { clientId = '' } = await post(
  '/v1/clients',
  { kind: 'customer', displayName: 'An app' },
  server.banner.apiKey,
)
process.on('message', async ({ durationMs }: CheckAsk) => process.send?.(await check(durationMs)))
process.once('SIGTERM', stop)
process.once('disconnect', stop)
process.send?.({ port: Number(new URL(server.httpUrl).port), clientId } satisfies Ready)

/** Asks as rpc does for every call: who is it, and has the session ended? */
async function check(durationMs: number): Promise<CheckTold> {
  const codeOf = codesOf(Buffer.from(masterKey, 'base64'))
  const contexts: CallContext[] = []
  for (let index = 0; index < TOKENS; index++) {
    const { challengeId = '' } = await post('/v1/otp-challenges', { clientId, email: `${index}@example.com` })
    const code = codeOf(fromTypeId('otp', challengeId) ?? '')
    const { accessToken = '' } = await post(`/v1/otp-challenges/${challengeId}:verify`, { clientId, code })
    contexts.push(contextWith(accessToken))
  }
  const { authenticate } = server.program.access.ports
  let checks = 0
  const startedAt = performance.now()
  while (performance.now() - startedAt < durationMs) {
    for (let index = 0; index < 1000; index++) {
      const caller = authenticate(contexts[checks++ % TOKENS] as CallContext)
      if ((caller instanceof Promise ? await caller : caller).kind !== 'account') throw new Error('nobody')
    }
    // As between calls: what was read in the background arrives.
    await new Promise(setImmediate)
  }
  return { checksPerSecond: (checks * 1000) / (performance.now() - startedAt) }
}

function contextWith(token: string): CallContext {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` }
  return {
    ...{ caller: nobody, projectId: '', trace: newTrace(), requestId: 'req_bench', method: 'bench/Check' },
    ...{ protocol: 'rest', clientAddress: '127.0.0.1', deadlineMs: Number.POSITIVE_INFINITY },
    signal: new AbortController().signal,
    header: (name) => headers[name],
    setHeader: () => undefined,
  }
}

let stopped = false
async function stop(): Promise<void> {
  if (stopped) return
  stopped = true
  await server.stop()
  if (process.connected) process.disconnect()
}
