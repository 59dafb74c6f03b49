import { hash, timingSafeEqual } from 'node:crypto'
import { appError, type Clock, type Db, type DbLog, fromTypeId, toTypeId } from '@mainstay/kernel'
import { type CallContext, type Caller, nobody } from '@mainstay/rpc'
import type { AccessSettings } from './config.ts'
import type { Contracts } from './contracts.ts'
import { readSessionToken } from './cookies.ts'
import { reasons } from './errors.ts'
import {
  type CachedKey,
  createKeyCache,
  type KeyQuestion,
  type KeyRefusal,
  type KeyVerdict,
} from './key-cache.ts'
import { KEY_LENGTH, parseKey } from './key-text.ts'
import { createLastUse } from './last-use.ts'
import { RECIPIENT_TOKEN_PREFIX, type RecipientTokens } from './recipient-tokens.ts'
import { isSameOrigin } from './same-origin.ts'
import { looksLikeToken, sha256 } from './secrets.ts'
import { findKeys, type KeyWithSecret, writeLastUse } from './store/api-keys.ts'
import { findSession, touchSession } from './store/sessions.ts'

export interface AuthenticatorDeps {
  db: Db
  clock: Clock
  logger: DbLog
  settings: AccessSettings
  contracts: Contracts
  recipientTokens: Pick<RecipientTokens, 'read'>
  /** Says whose access token it is. Undefined where accounts are not known. */
  accounts?(): AccountAuthenticator | undefined
  /** See KeyCacheOptions. */
  monotonicMs?: () => number
}

/** Answers for tokens that look like a JWT; throws for one that is not good. */
export type AccountAuthenticator = (token: string, ctx: CallContext) => Caller | Promise<Caller>

export interface Authenticator {
  /**
   * Says who calls. A known API key and a recipient's token are answered at once, without a promise; anything else asks
   * the database.
   * Answers `nobody` when there is no credential, and throws when there is a wrong one.
   */
  authenticate(ctx: CallContext): Caller | Promise<Caller>
  /** The same for a stream that is open. It does not keep a session from ending for want of use. */
  reauthenticate(ctx: CallContext): Caller | Promise<Caller>
  /** Forgets every cached key: one of them changed. */
  forgetKeys(): void
  /** Writes what was noted about the use of keys. */
  flushUse(): Promise<void>
  stop(): Promise<void>
}

export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  const { db, clock, logger, settings, contracts } = deps
  const lastUse = createLastUse({ write: (uses) => writeLastUse(db, uses), clock, logger })
  const keys = createKeyCache({
    ask: async (questions) => {
      const found = await findKeys(db, [...new Set(questions.map((question) => question.publicId))])
      const byPublicId = new Map(found.keys.map((key) => [key.public_id, key]))
      const judge = (question: KeyQuestion) => judgeKey(question, byPublicId.get(question.publicId), clock)
      return { revision: found.revision, verdicts: questions.map(judge) }
    },
    ...(deps.monotonicMs && { monotonicMs: deps.monotonicMs }),
  })

  const admitKey = (verdict: KeyVerdict, ctx: CallContext): Caller => {
    if (!verdict.ok) throw refuseKey(verdict.refusal, ctx)
    const { key } = verdict
    const nowMs = clock.nowMs()
    if (key.expireTimeMs <= nowMs) throw refuseKey('access.api_key_expired', ctx)
    const named = ctx.header('mainstay-project')
    if (named !== undefined && named !== key.projectSlug && fromTypeId('prj', named) !== key.projectId) {
      throw appError(
        reasons,
        'access.project_mismatch',
        'This API key speaks for another project than the Mainstay-Project header names. Leave the header out, or use a key of that project.',
      )
    }
    lastUse.note(key, nowMs)
    return key.caller
  }

  const authenticateBearer = (authorization: string, ctx: CallContext): Caller | Promise<Caller> => {
    const text = /^bearer +(\S+)$/i.exec(authorization)?.[1]
    if (text?.startsWith(RECIPIENT_TOKEN_PREFIX)) return authenticateRecipient(text, ctx)
    // Every JWT begins with the base64url of `{"`, and nothing else of ours does.
    const authenticateAccount = text?.startsWith('eyJ') ? deps.accounts?.() : undefined
    return text !== undefined && authenticateAccount !== undefined
      ? authenticateAccount(text, ctx)
      : authenticateKey(text, ctx)
  }

  const authenticateRecipient = (token: string, ctx: CallContext): Caller => {
    try {
      return deps.recipientTokens.read(token)
    } catch (error) {
      ctx.setHeader('www-authenticate', 'Bearer error="invalid_token"') // RFC 6750 §3.1
      throw error
    }
  }

  const authenticateKey = (text: string | undefined, ctx: CallContext): Caller | Promise<Caller> => {
    if (text?.length !== KEY_LENGTH) throw refuseKey('access.api_key_invalid', ctx)
    const hashText = hash('sha256', text, 'base64')
    const known = keys.peek(hashText)
    if (known !== undefined) return admitKey(known, ctx)
    const parsed = parseKey(text)
    if (parsed === undefined) throw refuseKey('access.api_key_invalid', ctx)
    const question = { publicId: parsed.publicId, secretHash: Buffer.from(hashText, 'base64') }
    return keys.ask(hashText, question).then((verdict) => admitKey(verdict, ctx))
  }

  const authenticateSession = async (token: string, ctx: CallContext, use: boolean): Promise<Caller> => {
    requireSameOrigin(ctx, settings, contracts.isRead(ctx.method))
    if (!looksLikeToken('mss', token)) throw refuseSession(ctx)
    const now = clock.now()
    const tokenHash = sha256(token)
    const named = ctx.header('mainstay-project')
    const session = await findSession(db, {
      tokenHash,
      projectId: named === undefined ? undefined : fromTypeId('prj', named),
      projectSlug: named !== undefined && SLUG.test(named) ? named : undefined,
      now,
      idleSince: new Date(now.getTime() - settings.sessionIdleMs),
    })
    if (session === undefined) throw refuseSession(ctx)
    if (use && now.getTime() - session.last_use_time.getTime() >= TOUCH_EVERY_MS) {
      await touchSession(db, tokenHash, now)
    }
    return {
      kind: 'operator',
      id: toTypeId('opr', session.operator_id),
      ...(session.project_id !== null && { projectId: session.project_id }),
      scopes: NONE,
      permissions: new Set(session.permissions),
      display: session.display_name,
      // Operators say when they mean real people; looking around and sending tests is what they mostly do.
      testMode: ctx.header('mainstay-mode') !== 'live',
    }
  }

  const identify = (ctx: CallContext, use: boolean): Caller | Promise<Caller> => {
    const authorization = ctx.header('authorization')
    if (authorization !== undefined) return authenticateBearer(authorization, ctx)
    const token = readSessionToken(ctx.header('cookie'), settings.publicUrl?.startsWith('https:') ?? false)
    return token === undefined ? nobody : authenticateSession(token, ctx, use)
  }

  return {
    authenticate: (ctx) => identify(ctx, true),
    reauthenticate: (ctx) => identify(ctx, false),
    forgetKeys: keys.flush,
    flushUse: lastUse.flush,
    stop: lastUse.stop,
  }
}

/** Refuses what another site's page makes a browser send. `reads` is whether the call changes nothing. */
export function requireSameOrigin(ctx: CallContext, settings: AccessSettings, reads: boolean): void {
  const facts = {
    secFetchSite: ctx.header('sec-fetch-site'),
    origin: ctx.header('origin'),
    host: ctx.header('host') ?? ctx.header(':authority'),
  }
  if (isSameOrigin(facts, settings.publicUrl, reads)) return
  throw appError(
    reasons,
    'access.cross_site',
    'This request carries a session cookie but does not come from the console. Programs use an API key; behind a proxy, set MAINSTAY_PUBLIC_URL.',
  )
}

function judgeKey(question: KeyQuestion, found: KeyWithSecret | undefined, clock: Clock): KeyVerdict {
  if (found === undefined || !timingSafeEqual(found.secret_hash, question.secretHash)) {
    return { ok: false, refusal: 'access.api_key_invalid' }
  }
  if (found.revoke_time !== null) return { ok: false, refusal: 'access.api_key_revoked' }
  const expireTimeMs = found.expire_time?.getTime() ?? Number.POSITIVE_INFINITY
  if (expireTimeMs <= clock.nowMs()) return { ok: false, refusal: 'access.api_key_expired' }
  return { ok: true, key: toCachedKey(found, expireTimeMs) }
}

function toCachedKey(found: KeyWithSecret, expireTimeMs: number): CachedKey {
  const caller: Caller = Object.freeze({
    kind: 'api_key',
    id: toTypeId('key', found.api_key_id),
    projectId: found.project_id,
    scopes: new Set(found.scopes),
    permissions: NONE,
    display: found.display_name,
    testMode: !found.live,
  })
  return {
    caller,
    projectId: found.project_id,
    apiKeyId: found.api_key_id,
    projectSlug: found.project_slug,
    expireTimeMs,
    notedUseMs: found.last_use_time?.getTime() ?? 0,
  }
}

const NONE: ReadonlySet<string> = new Set()
/** As the contract has it. What else stands in the header is no project's, and need not travel to the database. */
const SLUG = /^[a-z][a-z0-9-]{1,38}[a-z0-9]$/
const TOUCH_EVERY_MS = 60_000

/** The last two are only told to who holds the whole key: they say nothing to a guesser. */
const KEY_REFUSALS: Record<KeyRefusal, string> = {
  'access.api_key_invalid':
    'This is not a valid API key. Send `Authorization: Bearer msk_…` with the whole key as it was shown when it was created.',
  'access.api_key_expired': 'This API key has expired. Create a new one.',
  'access.api_key_revoked': 'This API key was revoked. Create a new one.',
}

function refuseKey(refusal: KeyRefusal, ctx: CallContext) {
  ctx.setHeader('www-authenticate', 'Bearer error="invalid_token"') // RFC 6750 §3.1
  return appError(reasons, refusal, KEY_REFUSALS[refusal])
}

function refuseSession(ctx: CallContext) {
  ctx.setHeader('www-authenticate', 'Bearer')
  return appError(
    reasons,
    'access.session_invalid',
    'Your session has ended. Sign in again with a new sign-in link.',
  )
}
