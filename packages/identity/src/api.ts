import { Identity } from '@mainstay/proto/identity/v1'
import { IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import { type CallContext, type Implementation, implement } from '@mainstay/rpc'
import { sessionNotFound } from './accounts/api.ts'
import type { selfHandlers } from './accounts/self-api.ts'
import type { Accounts } from './accounts/service.ts'
import { actOf, otpCallerOf, placeOf, uuidOf } from './calls.ts'
import type { Clients } from './clients/service.ts'
import { canonicalIdentifier } from './identifiers.ts'
import { toOtpChallenge, toOwnAccount, toSession, toSignedIn, toTokens } from './messages.ts'
import type { Otp } from './otp/service.ts'
import { accountOf } from './sessions/authenticator.ts'
import type { Sessions } from './sessions/service.ts'
import type { SignIn } from './sign-in.ts'

export interface IdentityApiDeps {
  clients: Pick<Clients, 'getApp'>
  otp: Otp
  signIn: SignIn
  accounts: Pick<Accounts, 'get'>
  sessions: Sessions
  /** What an account's owner changes. */
  self: ReturnType<typeof selfHandlers>
}

/** The handlers of the service Identity. */
export function implementIdentity({
  clients,
  otp,
  signIn,
  accounts,
  sessions,
  self,
}: IdentityApiDeps): Implementation {
  return implement(Identity, {
    ...self,
    async startOtp(request, ctx) {
      withoutCache(ctx)
      const app = await clients.getApp(request.clientId)
      const { case: field, value = '' } = request.identifier
      const type = field === 'email' ? IdentifierType.EMAIL : IdentifierType.PHONE
      const challenge = await otp.start(app, {
        identifier: canonicalIdentifier(type, value, field ?? 'identifier'),
        channel: request.channel,
        purpose: request.purpose,
        locale: request.locale,
        deviceToken: request.device?.deviceToken ?? '',
        proof: request.proof,
        caller: otpCallerOf(ctx),
      })
      return toOtpChallenge(challenge)
    },
    async resendOtp(request, ctx) {
      withoutCache(ctx)
      const app = await clients.getApp(request.clientId)
      const { channel, proof } = request
      const challengeId = uuidOf('otp', request.challengeId)
      return toOtpChallenge(await otp.resend(app, { challengeId, channel, proof, caller: otpCallerOf(ctx) }))
    },
    async verifyOtp(request, ctx) {
      withoutCache(ctx)
      const app = await clients.getApp(request.clientId)
      const signedIn = await signIn.withCode({
        app,
        challengeId: uuidOf('otp', request.challengeId),
        code: request.code,
        place: placeOf(ctx, request.device),
        requestId: ctx.requestId,
      })
      return toSignedIn(signedIn)
    },
    async refreshSession({ refreshToken }, ctx) {
      withoutCache(ctx)
      return toTokens(await sessions.refresh(refreshToken, ctx.requestId))
    },

    async getMe(_request, ctx) {
      const { projectId, accountId } = accountOf(ctx)
      return toOwnAccount(await accounts.get(projectId, accountId))
    },
    async listMySessions(_request, ctx) {
      const { projectId, accountId, sessionId } = accountOf(ctx)
      const rows = await sessions.active(projectId, accountId)
      return { sessions: rows.map((row) => toSession(row, row.session_id === sessionId)) }
    },
    async endMySession(request, ctx) {
      const { projectId, accountId } = accountOf(ctx)
      const sessionId = uuidOf('asn', request.sessionId)
      const ended = await sessions.endOne(actOf(ctx), { projectId, accountId, sessionId }, 'ended')
      if (!ended) throw sessionNotFound()
      return {}
    },
    async signOut(_request, ctx) {
      const { projectId, accountId, sessionId } = accountOf(ctx)
      await sessions.endOne(actOf(ctx), { projectId, accountId, sessionId }, 'signed_out')
      return {}
    },
  })
}

/** RFC 6749 §5.1: answers with tokens, and with what leads to them, are nobody's to keep. */
function withoutCache(ctx: CallContext): void {
  ctx.setHeader('cache-control', 'no-store')
}
