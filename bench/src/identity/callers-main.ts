/** People in front of an app: signs in by codes, refreshes sessions and asks who is signed in, as it is asked to. */

import { codesOf } from '@mainstay/identity/testing'
import { fromTypeId } from '@mainstay/kernel'
import { type Turn, talk } from '../load/talk.ts'
import type { Ask, Told } from './task.ts'

const CONNECTIONS = 48

process.on('message', async (ask: Ask) => process.send?.(await run(ask)))
process.send?.('ready')

/** What each connection's last sign-in gave it. */
const refreshTokens: string[] = []
const accessTokens: string[] = []
let people = 0

async function run({ port, clientId, masterKey, what, durationMs }: Ask): Promise<Told> {
  const codeOf = codesOf(Buffer.from(masterKey, 'base64'))
  const turns: Record<Ask['what'], (connection: number, answer: string | undefined) => Turn> = {
    signIn(connection, answer) {
      const said = answer === undefined ? {} : (JSON.parse(answer) as Record<string, string>)
      if (said.refreshToken !== undefined) keep(connection, said)
      const { challengeId } = said
      if (challengeId === undefined) {
        const phone = `+4915${String(100_000_000 + ((people++ * 7919) % 900_000_000))}`
        return { path: '/v1/otp-challenges', headers: fromAnywhere(), body: { clientId, phone } }
      }
      const code = codeOf(fromTypeId('otp', challengeId) ?? '')
      return {
        path: `/v1/otp-challenges/${challengeId}:verify`,
        headers: fromAnywhere(),
        body: { clientId, code },
      }
    },
    refresh(connection, answer) {
      if (answer !== undefined) keep(connection, JSON.parse(answer) as Record<string, string>)
      return {
        path: '/v1/account-sessions:refresh',
        headers: fromAnywhere(),
        body: { refreshToken: refreshTokens[connection] },
      }
    },
    whoAmI: (connection) => ({
      path: '/v1/me',
      headers: { authorization: `Bearer ${accessTokens[connection]}` },
    }),
  }
  const { requests, seconds, p50Ms, p99Ms } = await talk({
    ...{ host: '127.0.0.1', port, connections: CONNECTIONS, durationMs, next: turns[what] },
  })
  // A sign-in is two requests.
  return { perSecond: requests / (what === 'signIn' ? 2 : 1) / seconds, p50Ms, p99Ms }
}

/** Everybody has an address of their own, as people do; a proxy of ours tells it. */
function fromAnywhere(): Record<string, string> {
  const bytes = [10, 0, 0, 0].map((first, at) => (at === 0 ? first : Math.floor(Math.random() * 256)))
  return { 'x-forwarded-for': bytes.join('.') }
}

function keep(connection: number, said: Record<string, string>): void {
  refreshTokens[connection] = said.refreshToken ?? ''
  accessTokens[connection] = said.accessToken ?? ''
}
