import { describeAnswer, jsonObject, notNow } from '../http-outcome.ts'
import type { HttpAnswer } from '../http-sender.ts'
import type { ServiceContext, Unsendable } from '../service.ts'

/** What is used of a service account's key file. */
export interface ServiceAccount {
  projectId: string
  clientEmail: string
  privateKey: string
  privateKeyId: string
}

/** Throws an Error that tells people what is missing. */
export function readServiceAccount(text: string): ServiceAccount {
  const file = jsonObject({ status: 200, headers: {}, body: text })
  const { type, project_id, client_email, private_key, private_key_id } = file ?? {}
  if (
    type !== 'service_account' ||
    typeof project_id !== 'string' ||
    !/^[a-z][a-z0-9:.-]{3,62}$/.test(project_id) ||
    typeof client_email !== 'string' ||
    typeof private_key !== 'string' ||
    typeof private_key_id !== 'string'
  ) {
    throw new Error('The service account is not the JSON key file of a Google service account.')
  }
  return {
    projectId: project_id,
    clientEmail: client_email,
    privateKey: private_key,
    privateKeyId: private_key_id,
  }
}

/** The token endpoint is a constant: a key file may not name another one to have its signature sent to. */
const TOKEN_URL = 'https://oauth2.googleapis.com/token'
/** A token is given up this long before its end, so that none ends on the way. */
const MARGIN_MS = 5 * 60_000

interface HeldToken {
  token: Promise<string | Unsendable>
  /** Until it was answered: forever, so that everybody waits for the one call. */
  untilMs: number
}

/** By the account's configuration, which lives as long as its client does. */
const held = new WeakMap<object, HeldToken>()

/**
 * The account's access token; fetched once for all who ask at the same time, and kept until five minutes before its end.
 * Google's answer that there is none is an `Unsendable`, and is not kept.
 *
 * https://developers.google.com/identity/protocols/oauth2/service-account#httprest
 */
export function googleAccessToken(
  account: ServiceAccount,
  scope: string,
  context: ServiceContext,
  owner: object,
): Promise<string | Unsendable> {
  const known = held.get(owner)
  if (known !== undefined && context.nowMs() < known.untilMs) return known.token
  const entry: HeldToken = { token: Promise.resolve(''), untilMs: Number.POSITIVE_INFINITY }
  entry.token = fetchToken(account, scope, context, entry).finally(() => {
    if (entry.untilMs === Number.POSITIVE_INFINITY) entry.untilMs = 0
  })
  held.set(owner, entry)
  return entry.token
}

async function fetchToken(
  account: ServiceAccount,
  scope: string,
  context: ServiceContext,
  entry: HeldToken,
): Promise<string | Unsendable> {
  const nowMs = context.nowMs()
  const exchange = await context.call({
    method: 'POST',
    url: TOKEN_URL,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: await signAssertion(account, scope, nowMs),
    }).toString(),
  })
  if (exchange.case !== 'answer') {
    return { result: { outcome: 'rejected_transient', reply: `No access token: ${exchange.reply}` } }
  }
  const { access_token: token, expires_in: seconds } = jsonObject(exchange.answer) ?? {}
  if (exchange.answer.status !== 200 || typeof token !== 'string' || typeof seconds !== 'number') {
    return refused(exchange.answer, nowMs)
  }
  entry.untilMs = nowMs + seconds * 1000 - MARGIN_MS
  return token
}

async function signAssertion(account: ServiceAccount, scope: string, nowMs: number): Promise<string> {
  const { importPKCS8, SignJWT } = await import('jose')
  const key = await importPKCS8(account.privateKey, 'RS256')
  const issued = Math.floor(nowMs / 1000)
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: account.privateKeyId })
    .setIssuer(account.clientEmail)
    .setAudience(TOKEN_URL)
    .setIssuedAt(issued)
    .setExpirationTime(issued + 3600)
    .sign(key)
}

/** Nothing was sent. 4xx is the account's fault (`invalid_grant`, `invalid_client`), but for too many requests. */
function refused(answer: HttpAnswer, nowMs: number): Unsendable {
  // An answer of success without a token may hold what nobody is to read.
  const reply =
    answer.status === 200
      ? 'Google’s answer has no access token.'
      : `No access token: ${describeAnswer(answer)}`
  const isFault = answer.status >= 400 && answer.status < 500 && answer.status !== 429
  if (!isFault) return { result: notNow(answer, nowMs, reply) }
  return { result: { outcome: 'rejected_transient', reply, accountFault: true } }
}
