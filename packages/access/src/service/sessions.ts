import { appError, type Clock, type Db, newId, toTypeId } from '@mainstay/kernel'
import type { AccessSettings } from '../config.ts'
import { reasons } from '../errors.ts'
import { NO_PROJECT } from '../idempotency.ts'
import { looksLikeToken, mintToken, sha256 } from '../secrets.ts'
import {
  deleteSession,
  findOperator,
  insertSession,
  insertSignInLink,
  type OperatorRow,
  useSignInLink,
} from '../store/sessions.ts'
import { type Act, within } from './act.ts'
import { recordAudit } from './audit.ts'

export interface NewSession {
  sessionId: string
  operator: OperatorRow
  /** For the cookie, and nowhere else. */
  token: string
  expireTime: Date
}

export interface SessionsDeps {
  db: Db
  clock: Clock
  settings: AccessSettings
}

export function createSessions({ db, clock, settings }: SessionsDeps) {
  return {
    /** A link's token, good for one exchange. Whoever holds it becomes the operator: print it, never log it. */
    async createLink(act: Act, operatorId: string): Promise<{ token: string; expireTime: Date }> {
      const { text, hash } = mintToken('msl')
      const createTime = clock.now()
      const expireTime = new Date(createTime.getTime() + settings.signInLinkTtlMs)
      await within(db, act, async (tx) => {
        await insertSignInLink(tx, { tokenHash: hash, operatorId, createTime, expireTime })
        await recordAudit(tx, clock, act, {
          projectId: NO_PROJECT,
          action: 'access.sign_in_links.create',
          resource: toTypeId('opr', operatorId),
        })
      })
      return { token: text, expireTime }
    },

    /**
     * Exchanges a link's token for a session, once. The session's secret is always new, and a session that the browser
     * had before ends: nobody can plant one that a sign-in then makes worth something (session fixation).
     */
    async exchange(requestId: string, linkToken: string, replaced?: string): Promise<NewSession> {
      if (!looksLikeToken('msl', linkToken)) throw linkInvalid()
      return await db.transaction(async (tx) => {
        const now = clock.now()
        const operator = await useSignInLink(tx, sha256(linkToken), now)
        if (operator === undefined) throw linkInvalid()
        if (replaced !== undefined) await deleteSession(tx, sha256(replaced))
        const { text, hash } = mintToken('mss')
        const sessionId = newId(clock)
        const expireTime = new Date(now.getTime() + settings.sessionMaxMs)
        await insertSession(tx, {
          tokenHash: hash,
          sessionId,
          operatorId: operator.operator_id,
          createTime: now,
          expireTime,
        })
        const act: Act = { actor: toTypeId('opr', operator.operator_id), requestId }
        await recordAudit(tx, clock, act, entryFor(sessionId, 'access.sessions.create'))
        return { sessionId, operator, token: text, expireTime }
      })
    },

    /** Ends the session of a cookie. Ending one that has ended already changes nothing. */
    async end(act: Act, token: string): Promise<void> {
      await within(db, act, async (tx) => {
        const ended = await deleteSession(tx, sha256(token))
        if (ended === undefined) return
        await recordAudit(tx, clock, act, entryFor(ended.session_id, 'access.sessions.delete'))
      })
    },

    async getOperator(operatorId: string): Promise<OperatorRow> {
      const row = await findOperator(db, operatorId)
      if (row === undefined) {
        throw appError(
          reasons,
          'access.session_invalid',
          'You are no operator any more. Ask for a new sign-in link.',
        )
      }
      return row
    },
  }
}

export type Sessions = ReturnType<typeof createSessions>

function entryFor(sessionId: string, action: string) {
  return { projectId: NO_PROJECT, action, resource: toTypeId('ses', sessionId) }
}

/** One answer for a link that was used, has expired, or never was: the difference is nobody's business. */
function linkInvalid() {
  return appError(
    reasons,
    'access.sign_in_link_invalid',
    'This sign-in link was used already, has expired, or is not complete. Ask for a new one.',
  )
}
