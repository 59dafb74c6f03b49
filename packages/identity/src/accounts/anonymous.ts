import { recordAudit } from '@mainstay/access'
import { appError, type Clock, type Db, toTypeId } from '@mainstay/kernel'
import type { AppClient } from '../clients/service.ts'
import { reasons } from '../errors.ts'
import type { BegunSession, Sessions, SignInPlace } from '../sessions/service.ts'
import type { SignedInAccount } from '../sign-in.ts'
import { markAnonymous } from './identifiers-store.ts'
import { type Accounts, newAccount } from './service.ts'

export interface AnonymousDeps {
  db: Db
  clock: Clock
  accounts: Pick<Accounts, 'insert'>
  sessions: Pick<Sessions, 'begin'>
}

/** Signs somebody in who has not said who they are. Throws `identity.sign_up_closed` where only the invited have accounts. */
export function createAnonymous({ db, clock, accounts, sessions }: AnonymousDeps) {
  return async (
    app: AppClient,
    ask: { locale: string; place: SignInPlace; requestId: string },
  ): Promise<SignedInAccount> => {
    if (app.rules.invite_only) {
      throw appError(
        reasons,
        'identity.sign_up_closed',
        'Nobody makes an account of this kind by themselves. Ask the people whose app it is.',
      )
    }
    const { project_id: projectId, live, kind } = app
    const person = { projectId, live, kind, locale: ask.locale, displayName: '', attributes: {} }
    const row = {
      ...newAccount({ ...person, identifiers: [], verifyTime: clock.now() }, clock),
      anonymous: true,
    }
    const { account_id: accountId } = row
    const act = { actor: toTypeId('cli', app.client_id), requestId: ask.requestId }
    const session = await db.transaction(async (tx) => {
      await accounts.insert(tx, [{ act, row }])
      await markAnonymous(tx, { projectId, accountId })
      // RFC 8176 has no word for it: nothing was proved.
      const [begun] = await sessions.begin(tx, [{ app, accountId, methods: ['anon'], place: ask.place }])
      const { sessionId } = begun as BegunSession
      const entry = { projectId, action: 'identity.sessions.create', resource: toTypeId('asn', sessionId) }
      await recordAudit(tx, clock, act, entry)
      return begun as BegunSession
    })
    return { tokens: await session.tokens(), account: row, created: true, deviceToken: '' }
  }
}
