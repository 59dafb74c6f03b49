import type { Identity } from '@mainstay/proto/identity/v1'
import { IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import type { CallContext, Caller, Handlers } from '@mainstay/rpc'
import { actOf, otpCallerOf, placeOf, uuidOf } from '../calls.ts'
import type { Clients } from '../clients/service.ts'
import { canonicalIdentifier } from '../identifiers.ts'
import { toOtpChallenge, toOwnAccount, toSignedIn } from '../messages.ts'
import { accountOf } from '../sessions/authenticator.ts'
import type { createAnonymous } from './anonymous.ts'
import type { Deletion } from './deletion.ts'
import type { Identifiers } from './identifiers.ts'
import type { People } from './people.ts'

export interface SelfApiDeps {
  clients: Pick<Clients, 'getApp'>
  identifiers: Identifiers
  people: People
  deletion: Deletion
  anonymous: ReturnType<typeof createAnonymous>
  /** Whose access token it is. Throws as it does for a call. */
  authenticate(token: string, ctx: CallContext): Caller | Promise<Caller>
}

type SelfMethod =
  | 'createAnonymousAccount'
  | 'addMyIdentifier'
  | 'verifyMyIdentifier'
  | 'removeMyIdentifier'
  | 'linkMyAccount'
  | 'unlinkMyAccount'
  | 'deleteMyAccount'
  | 'keepMyAccount'

/** The handlers by which an account's owner changes what it is. */
export function selfHandlers(deps: SelfApiDeps): Pick<Handlers<typeof Identity>, SelfMethod> {
  const { clients, identifiers, people, deletion, anonymous, authenticate } = deps
  return {
    async createAnonymousAccount({ clientId, device, locale }, ctx) {
      ctx.setHeader('cache-control', 'no-store')
      const app = await clients.getApp(clientId)
      const place = placeOf(ctx, device)
      return toSignedIn(await anonymous(app, { locale, place, requestId: ctx.requestId }))
    },
    async addMyIdentifier({ identifier, channel, proof }, ctx) {
      const { case: field, value = '' } = identifier
      const type = field === 'email' ? IdentifierType.EMAIL : IdentifierType.PHONE
      const challenge = await identifiers.start(accountOf(ctx), {
        identifier: canonicalIdentifier(type, value, field ?? 'identifier'),
        ...{ channel, proof, caller: otpCallerOf(ctx) },
      })
      return toOtpChallenge(challenge)
    },
    async verifyMyIdentifier({ challengeId, code }, ctx) {
      const ask = { challengeId: uuidOf('otp', challengeId), code }
      return toOwnAccount(await identifiers.verify(actOf(ctx), accountOf(ctx), ask))
    },
    async removeMyIdentifier({ identifier }, ctx) {
      const { type = IdentifierType.UNSPECIFIED, value = '' } = identifier ?? {}
      const canonical = canonicalIdentifier(type, value, 'identifier.value')
      return toOwnAccount(await identifiers.removeOwn(actOf(ctx), accountOf(ctx), canonical))
    },
    async linkMyAccount({ otherAccessToken }, ctx) {
      const caller = await authenticate(otherAccessToken, ctx)
      const rows = await people.link(actOf(ctx), accountOf(ctx), accountOf({ ...ctx, caller }))
      return { accounts: rows.map(toOwnAccount) }
    },
    async deleteMyAccount(_request, ctx) {
      return toOwnAccount(await deletion.scheduleOwn(actOf(ctx), accountOf(ctx)))
    },
    async keepMyAccount(_request, ctx) {
      const { projectId, accountId } = accountOf(ctx)
      return toOwnAccount(await deletion.keep(actOf(ctx), { projectId, accountId, testMode: false }))
    },
    async unlinkMyAccount(_request, ctx) {
      await people.unlink(actOf(ctx), accountOf(ctx))
      return {}
    },
  }
}
