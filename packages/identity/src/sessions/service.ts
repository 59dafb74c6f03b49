import { type Act, recordAudit } from '@mainstay/access'
import {
  type AppError,
  appError,
  type Bus,
  type Clock,
  createBatcher,
  type Db,
  newId,
  type Tx,
  toTypeId,
} from '@mainstay/kernel'
import type { AppClient } from '../clients/service.ts'
import type { IdentitySettings } from '../config.ts'
import { reasons } from '../errors.ts'
import type { AccessTokens } from './access-tokens.ts'
import type { RefreshClaim, RefreshTokens } from './refresh-tokens.ts'
import {
  endSessions,
  findSession,
  insertSessions,
  listSessions,
  type NewSession,
  type RotatedSession,
  rotateSessions,
  type SessionRow,
} from './store.ts'

/** Told to every process when sessions end, so that it looks at once instead of within the second. */
export const SESSIONS_ENDED = 'identity_sessions'
const DEFAULT_ACCESS_TOKEN_TTL_MS = 600_000

/** What a person holds after signing in. */
export interface Tokens {
  accessToken: string
  accessTokenExpireTime: Date
  refreshToken: string
  sessionExpireTime: Date
  /** uuid. */
  sessionId: string
}

/** Where a person signs in from. */
export interface SignInPlace {
  device: string
  userAgent: string
  clientAddress: string
}

/** Somebody who has proved who they are. */
export interface NewSignIn {
  app: AppClient
  /** uuid. */
  accountId: string
  methods: readonly string[]
  place: SignInPlace
}

export interface BegunSession {
  sessionId: string
  tokens(): Promise<Tokens>
}

export interface SessionsDeps {
  db: Db
  bus: Pick<Bus, 'notify'>
  clock: Clock
  settings: Pick<IdentitySettings, 'refreshGraceMs'>
  accessTokens: Pick<AccessTokens, 'sign'>
  refreshTokens: RefreshTokens
  /** This process knows at once. */
  onEnded(): void
}

export function createSessions(deps: SessionsDeps) {
  const { db, bus, clock, settings, accessTokens, refreshTokens } = deps

  const tokensOf = async (session: SessionRow, audience: string, ttlMs: number): Promise<Tokens> => {
    const expireTimeMs = Math.min(clock.nowMs() + ttlMs, session.expire_time.getTime())
    const accessToken = await accessTokens.sign({
      projectId: session.project_id,
      live: session.live,
      accountId: session.account_id,
      sessionId: session.session_id,
      clientId: session.client_id,
      kind: session.kind,
      audience,
      methods: session.methods,
      authTimeMs: session.auth_time.getTime(),
      expireTimeMs,
    })
    return {
      accessToken,
      accessTokenExpireTime: new Date(expireTimeMs),
      refreshToken: refreshTokens.issue({
        projectId: session.project_id,
        sessionId: session.session_id,
        generation: session.generation,
      }),
      sessionExpireTime: session.expire_time,
      sessionId: session.session_id,
    }
  }

  /** Sessions that are refreshed at the same time share a statement. */
  const rotating = createBatcher<RefreshClaim, RotatedSession | undefined>({
    keyOf: ({ sessionId }) => sessionId,
    async run(claims) {
      const now = clock.now()
      const graceSince = new Date(now.getTime() - settings.refreshGraceMs)
      const rows = await rotateSessions(db, claims, { now, graceSince })
      const byId = new Map(rows.map((row) => [row.session_id, row]))
      return claims.map(({ sessionId }) => byId.get(sessionId))
    },
  })
  const underWay = new Map<string, Promise<RotatedSession | undefined>>()

  /** Calls with one token at the same time get one answer, whatever they would get one after another. */
  const rotate = (token: string, claim: RefreshClaim): Promise<RotatedSession | undefined> => {
    const joined = underWay.get(token)
    if (joined !== undefined) return joined
    const rotated = rotating.submit(claim).finally(() => underWay.delete(token))
    underWay.set(token, rotated)
    return rotated
  }

  /** Ends sessions within a transaction; every process refuses them within a second of its commit. */
  const end = async (
    tx: Tx,
    which: { projectId: string; accountId: string; sessionId?: string | undefined },
    reason: string,
  ): Promise<string[]> => {
    const ended = await endSessions(tx, which, { now: clock.now(), reason })
    if (ended.length > 0) {
      tx.afterCommit(deps.onEnded)
      await bus.notify(tx, SESSIONS_ENDED)
    }
    return ended
  }

  /** Why a token was not exchanged. One that is too old by more than the grace was stolen, or is used by a thief's victim. */
  const refuseRefresh = async (
    claim: { projectId: string; sessionId: string; generation: number },
    requestId: string,
  ): Promise<AppError> => {
    const session = await findSession(db, claim.projectId, claim.sessionId)
    if (session === undefined || session.end_time !== null || claim.generation >= session.generation)
      return ended()
    if (session.expire_time <= clock.now() || session.idle_expire_time <= clock.now()) return ended()
    await db.transaction(async (tx) => {
      const { project_id: projectId, account_id: accountId, session_id: sessionId } = session
      await end(tx, { projectId, accountId, sessionId }, 'refresh_token_reused')
      await recordAudit(
        tx,
        clock,
        { actor: toTypeId('acc', accountId), requestId },
        { projectId, action: 'identity.sessions.reuse', resource: toTypeId('asn', sessionId) },
      )
    })
    return appError(
      reasons,
      'identity.refresh_token_reused',
      'This refresh token was used before, so somebody else may have it. The session was ended: sign in again.',
    )
  }

  return {
    /** Begins sessions of accounts, in the order asked. `tokens` is to be called after the commit. */
    async begin(tx: Tx, asked: readonly NewSignIn[]): Promise<BegunSession[]> {
      if (asked.length === 0) return []
      const rows = asked.map((one) => newSession(one, clock))
      await insertSessions(tx, rows)
      return rows.map((row, index) => {
        const { app } = asked[index] as NewSignIn
        const session = {
          ...row,
          ...{
            generation: 1,
            rotate_time: row.create_time,
            last_use_time: row.create_time,
            end_time: null,
            end_reason: '',
          },
          ...{ impersonator: '', impersonation_reason: '', read_only: false },
        }
        return {
          sessionId: row.session_id,
          tokens: () => tokensOf(session, app.audience, app.rules.access_token_ttl_ms),
        }
      })
    },

    /** Exchanges a refresh token. Throws `identity.refresh_token_invalid`, `…_reused` and `identity.session_ended`. */
    async refresh(token: string, requestId: string): Promise<Tokens> {
      const claim = refreshTokens.read(token)
      if (claim === undefined) {
        throw appError(
          reasons,
          'identity.refresh_token_invalid',
          'This is not a refresh token of this installation. Sign in again.',
        )
      }
      const session = await rotate(token, claim)
      if (session === undefined) throw await refuseRefresh(claim, requestId)
      return await tokensOf(
        session,
        session.audience,
        session.access_token_ttl_ms ?? DEFAULT_ACCESS_TOKEN_TTL_MS,
      )
    },

    end,

    /** Ends one session of an account in a transaction of its own, and tells the audit. False when it had ended. */
    async endOne(
      act: Act,
      which: { projectId: string; accountId: string; sessionId: string },
      reason: string,
    ) {
      return await db.transaction(async (tx) => {
        const ended = await end(tx, which, reason)
        if (ended.length === 0) return false
        await recordAudit(tx, clock, act, {
          projectId: which.projectId,
          action: 'identity.sessions.end',
          resource: toTypeId('asn', which.sessionId),
        })
        return true
      })
    },

    /** Where an account is signed in: at most 100 sessions. */
    async active(projectId: string, accountId: string): Promise<SessionRow[]> {
      const page = { projectId, accountId, beforeId: undefined, limit: 100, activeAt: clock.now() }
      return await listSessions(db, page)
    },
  }
}

export type Sessions = ReturnType<typeof createSessions>

function newSession({ app, accountId, methods, place }: NewSignIn, clock: Clock): NewSession {
  const now = clock.now()
  const expireMs = now.getTime() + app.rules.session_ttl_ms
  return {
    ...{ project_id: app.project_id, session_id: newId(clock), live: app.live, account_id: accountId },
    ...{ kind: app.kind, client_id: app.client_id, methods: [...methods], device: place.device },
    user_agent: place.userAgent.slice(0, 300),
    client_address: place.clientAddress,
    ...{ create_time: now, auth_time: now, expire_time: new Date(expireMs) },
    idle_expire_time: new Date(Math.min(expireMs, now.getTime() + app.rules.session_idle_ttl_ms)),
  }
}

function ended(): AppError {
  return appError(reasons, 'identity.session_ended', 'This session has ended. Sign in again.')
}
