import { type Act, recordAudit, within } from '@mainstay/access'
import { type AppError, appError, type Clock, type Db, type Tx, toTypeId } from '@mainstay/kernel'
import { OtpPurpose } from '@mainstay/proto/identity/v1'
import { AccountState } from '@mainstay/proto/identity/v1/accounts'
import type { AppClient, Clients } from '../clients/service.ts'
import type { IdentitySettings } from '../config.ts'
import { reasons } from '../errors.ts'
import type { CanonicalIdentifier } from '../identifiers.ts'
import type { Codes } from '../otp/codes.ts'
import {
  type Challenge,
  challengeInvalid,
  GUESS_WINDOW_MS,
  MOST_CHECKS,
  type Otp,
  type StartOtp,
} from '../otp/service.ts'
import { budgetKeyOf, endChallenges, spendGuesses } from '../otp/store.ts'
import type { AccessClaims } from '../sessions/access-tokens.ts'
import { codeWrong } from '../sign-in.ts'
import { requireFresh } from './fresh.ts'
import {
  addIdentifier,
  admitBoundCheck,
  bindChallenge,
  lockAccount,
  removeIdentifier,
  touchAccount,
} from './identifiers-store.ts'
import type { Notices } from './notices.ts'
import { type AccountChange, type Accounts, accountNotFound, requireMode } from './service.ts'
import { type AccountWithIdentifiers, findAccount } from './store.ts'

export interface IdentifiersDeps {
  db: Db
  clock: Clock
  settings: Pick<IdentitySettings, 'guessesPerDay'>
  codes: Pick<Codes, 'matches'>
  clients: Pick<Clients, 'getApp'>
  otp: Pick<Otp, 'start'>
  accounts: Pick<Accounts, 'get'>
  notices: Notices
}

type Verified =
  | { is: 'right'; account: AccountWithIdentifiers }
  | { is: 'invalid' }
  | { is: 'wrong'; checksLeft: number }

/** What an account signs in by, changed by its owner with proof, or by an operator. */
export function createIdentifiers(deps: IdentifiersDeps) {
  const { db, clock, settings, codes, clients, otp, accounts, notices } = deps

  const appOf = (claims: AccessClaims): Promise<AppClient> => clients.getApp(toTypeId('cli', claims.clientId))

  const audit = (tx: Tx, act: Act, row: AccountWithIdentifiers, verb: string): Promise<void> =>
    recordAudit(tx, clock, act, {
      projectId: row.project_id,
      action: `identity.identifiers.${verb}`,
      resource: toTypeId('acc', row.account_id),
    })

  /** The account as it stands, which nobody else changes until the transaction ends. */
  const hold = async (tx: Tx, projectId: string, accountId: string): Promise<AccountWithIdentifiers> => {
    await lockAccount(tx, { projectId, accountId })
    const row = await findAccount(tx, projectId, accountId)
    if (row === undefined || row.state === AccountState.DELETED) throw accountNotFound()
    return row
  }

  const add = async (
    tx: Tx,
    act: Act,
    before: AccountWithIdentifiers,
    { type, value }: CanonicalIdentifier,
    verifyTime: Date | null,
  ): Promise<AccountWithIdentifiers> => {
    const { project_id: projectId, account_id: accountId, live, kind } = before
    const own = { projectId, accountId, live, kind, type, value }
    if (!(await addIdentifier(tx, { ...own, verifyTime }, clock.now()))) throw identifierTaken()
    await touchAccount(tx, own, clock.now())
    await audit(tx, act, before, 'add')
    return (await findAccount(tx, projectId, accountId)) ?? before
  }

  const remove = async (
    tx: Tx,
    act: Act,
    before: AccountWithIdentifiers,
    { type, value }: CanonicalIdentifier,
  ): Promise<AccountWithIdentifiers> => {
    const { project_id: projectId, account_id: accountId, live, kind } = before
    const own = { projectId, accountId, live, kind, type, value }
    if (!(await removeIdentifier(tx, own))) throw identifierNotFound()
    if (before.identifiers.length === 1) throw lastIdentifier()
    await touchAccount(tx, own, clock.now())
    await audit(tx, act, before, 'remove')
    return (await findAccount(tx, projectId, accountId)) ?? before
  }

  const check = async (
    tx: Tx,
    act: Act,
    claims: AccessClaims,
    app: AppClient,
    ask: { challengeId: string; code: string },
  ): Promise<Verified> => {
    const now = clock.now()
    const { projectId, accountId } = claims
    const before = await hold(tx, projectId, accountId)
    const which = { projectId, accountId, challengeId: ask.challengeId, purpose: OtpPurpose.ADD_IDENTIFIER }
    const challenge = await admitBoundCheck(tx, which, { mostChecks: MOST_CHECKS, now })
    if (challenge === undefined) return { is: 'invalid' }
    if (!challenge.long_code) {
      const budget = {
        mostFailures: settings.guessesPerDay,
        now,
        since: new Date(now.getTime() - GUESS_WINDOW_MS),
      }
      const allowed = await spendGuesses(tx, [challenge], budget)
      if (!allowed.has(budgetKeyOf(challenge))) return { is: 'invalid' }
    }
    if (!codes.matches(challenge.challenge_id, challenge.long_code, ask.code)) {
      return { is: 'wrong', checksLeft: MOST_CHECKS - challenge.checks }
    }
    await endChallenges(tx, [challenge], now)
    const identifier = { type: challenge.type, value: challenge.value }
    const account = await add(tx, act, before, identifier, now)
    await notices.tell(app, before, 'identifier_added', { ...identifier, verify_time: now }, act.requestId)
    return { is: 'right', account }
  }

  return {
    /** Sends a code to what the account is to sign in by. Whether somebody else has it is only said to who proves it. */
    async start(
      claims: AccessClaims,
      ask: Pick<StartOtp, 'identifier' | 'channel' | 'proof' | 'caller'>,
    ): Promise<Challenge> {
      const { projectId, accountId } = claims
      const account = await accounts.get(projectId, accountId)
      // Who signs in by nothing cannot sign in again: there is nothing to take over yet, either.
      if (!account.anonymous) requireFresh(claims, clock)
      const app = await appOf(claims)
      // No code would go out where only the invited have accounts: this one has.
      const open = { ...app, rules: { ...app.rules, invite_only: false } }
      const challenge = await otp.start(open, {
        ...ask,
        ...{ purpose: OtpPurpose.ADD_IDENTIFIER, locale: account.locale, deviceToken: '' },
      })
      await bindChallenge(db, { projectId, accountId, challengeId: challenge.row.challenge_id })
      return challenge
    },

    /** Wrong codes are counted whatever happens afterwards. */
    async verify(
      act: Act,
      claims: AccessClaims,
      ask: { challengeId: string; code: string },
    ): Promise<AccountWithIdentifiers> {
      const app = await appOf(claims)
      const outcome = await db.transaction((tx) => check(tx, act, claims, app, ask))
      if (outcome.is === 'invalid') throw challengeInvalid()
      if (outcome.is === 'wrong') throw codeWrong(outcome.checksLeft)
      return outcome.account
    },

    async removeOwn(act: Act, claims: AccessClaims, identifier: CanonicalIdentifier) {
      requireFresh(claims, clock)
      const app = await appOf(claims)
      return await db.transaction(async (tx) => {
        const before = await hold(tx, claims.projectId, claims.accountId)
        const after = await remove(tx, act, before, identifier)
        await notices.tell(
          app,
          before,
          'identifier_removed',
          { ...identifier, verify_time: null },
          act.requestId,
        )
        return after
      })
    },

    /** By an operator, or the project's own server. */
    async addFor(act: Act, which: AccountChange, identifier: CanonicalIdentifier, verified: boolean) {
      return await within(db, act, async (tx) => {
        const before = await hold(tx, which.projectId, which.accountId)
        requireMode(before.live, which.testMode)
        return await add(tx, act, before, identifier, verified ? clock.now() : null)
      })
    },

    async removeFor(act: Act, which: AccountChange, identifier: CanonicalIdentifier) {
      return await within(db, act, async (tx) => {
        const before = await hold(tx, which.projectId, which.accountId)
        requireMode(before.live, which.testMode)
        return await remove(tx, act, before, identifier)
      })
    },
  }
}

export type Identifiers = ReturnType<typeof createIdentifiers>

function identifierTaken(): AppError {
  return appError(
    reasons,
    'identity.identifier_taken',
    'Another account of this kind signs in by this. Sign in to that one, or remove it there first: accounts are not merged.',
  )
}

function identifierNotFound(): AppError {
  return appError(reasons, 'identity.identifier_not_found', 'The account does not sign in by this.')
}

function lastIdentifier(): AppError {
  return appError(
    reasons,
    'identity.last_identifier',
    'This is the only thing that the account signs in by. Add another first, or delete the account.',
  )
}
