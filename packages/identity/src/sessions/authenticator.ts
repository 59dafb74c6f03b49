import { type AppError, appError, type Clock, fromTypeId, toTypeId } from '@mainstay/kernel'
import type { CallContext, Caller } from '@mainstay/rpc'
import { LRUCache } from 'lru-cache'
import { reasons } from '../errors.ts'
import { type AccessClaims, type AccessTokens, MAX_TOKEN_LENGTH } from './access-tokens.ts'
import type { EndedSessions } from './ended.ts'

/** A signed-in account, as handlers see it. All ids but `id` are uuids. */
export interface AccountCaller extends Caller {
  kind: 'account'
  projectId: string
  account: AccessClaims
}

export interface AuthenticatorDeps {
  accessTokens: Pick<AccessTokens, 'verify'>
  ended: Pick<EndedSessions, 'peek' | 'ask'>
  clock: Clock
}

const MOST_TOKENS = 50_000

/**
 * Says which account calls, from its access token. A token that was seen before is answered at once, without a promise: its
 * signature is not checked again, its end and its session are.
 */
export function createAccountAuthenticator({ accessTokens, ended, clock }: AuthenticatorDeps) {
  // By the token's text, signature and all: whoever has that has the token.
  const known = new LRUCache<string, AccountCaller>({ max: MOST_TOKENS })

  const admit = (caller: AccountCaller, isEnded: boolean, ctx: CallContext): Caller => {
    if (isEnded) throw refuse('identity.session_ended', ctx)
    if (caller.account.expireTimeMs <= clock.nowMs()) throw refuse('identity.access_token_expired', ctx)
    if (caller.account.actor !== undefined && !ACTORS_MAY.test(ctx.method)) throw ownersOnly()
    const named = ctx.header('mainstay-project')
    if (named !== undefined && fromTypeId('prj', named) !== caller.projectId) {
      throw refuse('identity.access_token_invalid', ctx)
    }
    return caller
  }

  const check = (caller: AccountCaller, ctx: CallContext): Caller | Promise<Caller> => {
    const { sessionId } = caller.account
    const isEnded = ended.peek(sessionId)
    if (isEnded !== undefined) return admit(caller, isEnded, ctx)
    return ended.ask(sessionId).then((answer) => admit(caller, answer, ctx))
  }

  const read = async (token: string, ctx: CallContext): Promise<Caller> => {
    const claims = await accessTokens.verify(token)
    if (claims === 'expired') throw refuse('identity.access_token_expired', ctx)
    if (claims === undefined) throw refuse('identity.access_token_invalid', ctx)
    const caller = toCaller(claims)
    known.set(token, caller)
    return await check(caller, ctx)
  }

  return (token: string, ctx: CallContext): Caller | Promise<Caller> => {
    if (token.length > MAX_TOKEN_LENGTH) throw refuse('identity.access_token_invalid', ctx)
    const caller = known.get(token)
    return caller === undefined ? read(token, ctx) : check(caller, ctx)
  }
}

/** The account that calls a method whose rule says `account`: access has let nobody else through. */
export function accountOf(ctx: CallContext): AccessClaims {
  const { caller } = ctx
  if (caller.kind !== 'account' || !('account' in caller))
    throw new TypeError('The method is not for accounts')
  return (caller as AccountCaller).account
}

function toCaller(account: AccessClaims): AccountCaller {
  return Object.freeze({
    kind: 'account',
    id: toTypeId('acc', account.accountId),
    projectId: account.projectId,
    scopes: NONE,
    permissions: NONE,
    display: account.kind,
    testMode: !account.live,
    account,
  })
}

/**
 * What an operator who acts as an account may call here: what reads, by its name (AIP-131, 132), and the end of the session. All
 * else is refused, whatever is added later: it would change how its owner signs in. `allow_changes` is for the project's services.
 */
const ACTORS_MAY = /\/(?:(?:Get|List|Watch)[A-Z]\w*|SignOut)$/

function ownersOnly(): AppError {
  return appError(
    reasons,
    'identity.impersonation_refused',
    'You act as somebody else: how an account signs in and what it is linked to is its owner’s own to change.',
  )
}

const NONE: ReadonlySet<string> = new Set()

type Refusal = 'identity.access_token_invalid' | 'identity.access_token_expired' | 'identity.session_ended'

const REFUSALS: Record<Refusal, string> = {
  'identity.access_token_invalid': 'This is not an access token of this installation. Sign in again.',
  'identity.access_token_expired': 'This access token has expired. Refresh the session, or sign in again.',
  'identity.session_ended': 'This session has ended. Sign in again.',
}

function refuse(refusal: Refusal, ctx: CallContext): AppError {
  ctx.setHeader('www-authenticate', 'Bearer error="invalid_token"') // RFC 6750 §3.1
  return appError(reasons, refusal, REFUSALS[refusal])
}
