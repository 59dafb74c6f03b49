import assert from 'node:assert/strict'
import { createLogger } from '@mainstay/kernel'
import type { TestDatabase } from '@mainstay/kernel/testing'
import { readSettings } from '../src/config.ts'
import type { Role } from '../src/role.ts'
import { type Server, startServer } from '../src/server.ts'

/** Starts the program in the test's own process, on the test's database; the caller stops it. */
export async function startHere(
  role: Role,
  { database, home, env = {} }: { database: TestDatabase; home: string; env?: Record<string, string> },
): Promise<Server> {
  await database.ready()
  const { connectionString } = database
  const settings = readSettings({
    ...{ MAINSTAY_HOME: home, DATABASE_URL: connectionString, HTTP_PORT: '0', GRPC_PORT: '0' },
    ...env,
  })
  return await startServer({ role, settings, logger: createLogger({ level: 'fatal' }) })
}

/** Headers of an operator who is signed in, and may call every method. */
export async function signInOperator({ program, httpUrl }: Server): Promise<Record<string, string>> {
  const { operator } = await program.access.ensureBootstrap()
  const { token } = await program.access.createSignInLink(operator.operator_id)
  const answer = await fetch(`${httpUrl}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify({ token }),
  })
  assert.equal(answer.status, 200)
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  return { cookie, 'sec-fetch-site': 'same-origin' }
}
