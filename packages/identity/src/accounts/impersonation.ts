import { type Act, recordAudit } from '@mainstay/access'
import { appError, type Clock, type Db, newId, toTypeId } from '@mainstay/kernel'
import { AccountState } from '@mainstay/proto/identity/v1/accounts'
import type { AppClient } from '../clients/service.ts'
import { reasons } from '../errors.ts'
import type { AccessTokens } from '../sessions/access-tokens.ts'
import type { SignInPlace } from '../sessions/service.ts'
import { insertSessions, markImpersonation } from '../sessions/store.ts'
import { type AccountChange, type Accounts, accountNotFound, requireMode } from './service.ts'

export interface ImpersonationDeps {
  db: Db
  clock: Clock
  accounts: Pick<Accounts, 'get'>
  accessTokens: Pick<AccessTokens, 'sign'>
}

export interface Impersonation {
  accessToken: string
  expireTime: Date
  /** uuid. */
  sessionId: string
}

/**
 * Signs operators in as accounts. One access token that ends with its session, at most an hour later, and is refused within a second
 * once the session is ended: there is nothing to refresh it with.
 */
export function createImpersonation({ db, clock, accounts, accessTokens }: ImpersonationDeps) {
  return async (
    act: Act,
    which: AccountChange,
    app: AppClient,
    ask: { reason: string; ttlMs: number; allowChanges: boolean; place: SignInPlace },
  ): Promise<Impersonation> => {
    const { projectId, accountId } = which
    const account = await accounts.get(projectId, accountId)
    if (account.state === AccountState.DELETED) throw accountNotFound()
    requireMode(account.live, which.testMode)
    if (app.project_id !== projectId || app.kind !== account.kind || app.live !== account.live)
      throw otherApp()
    const now = clock.now()
    const expireTime = new Date(now.getTime() + ask.ttlMs)
    const sessionId = newId(clock)
    const row = {
      ...{
        project_id: projectId,
        session_id: sessionId,
        live: app.live,
        account_id: accountId,
        kind: app.kind,
      },
      ...{ client_id: app.client_id, methods: ['imp'], device: ask.place.device },
      user_agent: ask.place.userAgent.slice(0, 300),
      client_address: ask.place.clientAddress,
      ...{ create_time: now, auth_time: now, idle_expire_time: expireTime, expire_time: expireTime },
    }
    const by = { impersonator: act.actor, reason: ask.reason, readOnly: !ask.allowChanges }
    await db.transaction(async (tx) => {
      await insertSessions(tx, [row])
      await markImpersonation(tx, { projectId, sessionId }, by)
      const entry = {
        projectId,
        action: 'identity.accounts.impersonate',
        resource: toTypeId('acc', accountId),
      }
      await recordAudit(tx, clock, act, entry)
    })
    const accessToken = await accessTokens.sign({
      ...{ projectId, live: app.live, accountId, sessionId, clientId: app.client_id, kind: app.kind },
      ...{ audience: app.audience, methods: row.methods, authTimeMs: now.getTime() },
      ...{ expireTimeMs: expireTime.getTime(), actor: act.actor, readOnly: by.readOnly },
    })
    return { accessToken, expireTime, sessionId }
  }
}

function otherApp() {
  return appError(reasons, 'identity.request_invalid', 'The request does not fit: see the details.', {
    violations: [{ field: 'clientId', description: 'must be an app of the account’s kind and mode' }],
  })
}
