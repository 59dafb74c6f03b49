import { Passwords as PasswordsService } from '@mainstay/proto/identity/v1/passwords'
import { type Implementation, implement } from '@mainstay/rpc'
import type { Accounts } from '../accounts/service.ts'
import { placeOf } from '../calls.ts'
import type { Clients } from '../clients/service.ts'
import { toSignedIn } from '../messages.ts'
import { accountOf } from '../sessions/authenticator.ts'
import type { Passwords } from './service.ts'

export interface PasswordsApiDeps {
  clients: Pick<Clients, 'getApp'>
  accounts: Pick<Accounts, 'get'>
  passwords: Passwords
}

/** The handlers of the service Passwords. */
export function implementPasswords({ clients, accounts, passwords }: PasswordsApiDeps): Implementation {
  return implement(PasswordsService, {
    async signInWithPassword({ clientId, identifier, password, device }, ctx) {
      ctx.setHeader('cache-control', 'no-store')
      const app = await clients.getApp(clientId)
      const ask = { identifier, password, place: placeOf(ctx, device), requestId: ctx.requestId }
      return toSignedIn(await passwords.signIn(app, { ...ask, deviceToken: device?.deviceToken ?? '' }))
    },
    async setMyPassword({ password, currentPassword }, ctx) {
      const claims = accountOf(ctx)
      const account = await accounts.get(claims.projectId, claims.accountId)
      const own = [account.display_name, ...account.identifiers.map(({ value }) => value)]
      await passwords.setOwn(claims, { password, currentPassword, own, requestId: ctx.requestId })
      return {}
    },
  })
}
