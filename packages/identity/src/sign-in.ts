import { type Act, recordAudit } from '@mainstay/access'
import { appError, type Clock, type Db, type Tx, toTypeId } from '@mainstay/kernel'
import { AccountState } from '@mainstay/proto/identity/v1/accounts'
import type { Accounts } from './accounts/service.ts'
import { type AccountWithIdentifiers, signInByIdentifier } from './accounts/store.ts'
import type { AppClient } from './clients/service.ts'
import type { IdentitySettings } from './config.ts'
import type { Devices } from './devices.ts'
import { reasons } from './errors.ts'
import type { CanonicalIdentifier } from './identifiers.ts'
import type { Admission } from './otp/admission.ts'
import type { Codes } from './otp/codes.ts'
import { challengeInvalid, GUESS_WINDOW_MS, MOST_CHECKS } from './otp/service.ts'
import { admitCheck, type ChallengeRow, endChallenge } from './otp/store.ts'
import { methodOf } from './otp/words.ts'
import type { Sessions, SignInPlace, Tokens } from './sessions/service.ts'

export interface SignInDeps {
  db: Db
  clock: Clock
  settings: IdentitySettings
  codes: Codes
  devices: Devices
  accounts: Pick<Accounts, 'createProved'>
  sessions: Pick<Sessions, 'begin'>
  admission: Pick<Admission, 'verified'>
}

export interface SignedInAccount {
  tokens: Tokens
  account: AccountWithIdentifiers
  created: boolean
  deviceToken: string
}

type Outcome =
  | { right: false; checksLeft: number }
  | {
      right: true
      challenge: ChallengeRow
      account: AccountWithIdentifiers
      created: boolean
      tokens(): Promise<Tokens>
    }

/** Signs people in once they have proved something. */
export function createSignIn(deps: SignInDeps) {
  const { db, clock, settings, codes, devices, accounts, sessions, admission } = deps

  const checkCode = async (
    tx: Tx,
    app: AppClient,
    ask: { challengeId: string; code: string; place: SignInPlace; requestId: string },
  ): Promise<Outcome> => {
    const now = clock.now()
    const challenge = await admitCheck(tx, {
      projectId: app.project_id,
      challengeId: ask.challengeId,
      clientId: app.client_id,
      mostChecks: MOST_CHECKS,
      mostFailures: settings.guessesPerDay,
      now,
      since: new Date(now.getTime() - GUESS_WINDOW_MS),
    })
    // Rolled back, a check that the budget does not allow is not counted; its code is not compared, either.
    if (challenge?.may_guess !== true) throw challengeInvalid()
    const right = codes.matches(challenge.challenge_id, challenge.long_code, ask.code)
    if (!right || challenge.decoy) return { right: false, checksLeft: MOST_CHECKS - challenge.checks }
    await endChallenge(tx, challenge, now)
    const { account, created } = await findOrMake(tx, app, challenge, ask.requestId)
    const session = await sessions.begin(
      tx,
      app,
      { accountId: account.account_id, methods: methodOf(challenge.channel) },
      ask.place,
    )
    const act: Act = { actor: toTypeId('acc', account.account_id), requestId: ask.requestId }
    await recordAudit(tx, clock, act, {
      projectId: app.project_id,
      action: 'identity.sessions.create',
      resource: toTypeId('asn', session.sessionId),
    })
    return { right: true, challenge, account, created, tokens: session.tokens }
  }

  /** The account of the identifier that was proved, or a new one. Two who make it at the same time get the same. */
  const findOrMake = async (
    tx: Tx,
    app: AppClient,
    challenge: ChallengeRow,
    requestId: string,
  ): Promise<{ account: AccountWithIdentifiers; created: boolean }> => {
    const now = clock.now()
    const identifier: CanonicalIdentifier = { type: challenge.type, value: challenge.value }
    const key = { projectId: app.project_id, live: app.live, kind: app.kind, ...identifier }
    const account = await signInByIdentifier(tx, key, now)
    if (account !== undefined) {
      requireActive(account)
      return { account, created: false }
    }
    const act: Act = { actor: toTypeId('cli', app.client_id), requestId, tx }
    const made = await accounts.createProved(act, {
      ...{ projectId: app.project_id, live: app.live, kind: app.kind, verifyTime: now },
      ...{ displayName: '', locale: challenge.locale, attributes: {}, identifiers: [identifier] },
    })
    return { account: made, created: true }
  }

  return {
    /**
     * Signs in with a code. Of right codes at the same time one wins; wrong ones are counted on the challenge and on the
     * identifier, whatever happens afterwards. Throws `identity.code_wrong` and `identity.challenge_invalid`.
     */
    async withCode(
      app: AppClient,
      ask: { challengeId: string; code: string; place: SignInPlace; requestId: string },
    ): Promise<SignedInAccount> {
      const outcome = await signInOnce(() => db.transaction((tx) => checkCode(tx, app, ask)))
      if (!outcome.right) throw codeWrong(outcome.checksLeft)
      const { challenge, account, created } = outcome
      const owner = {
        ...{ projectId: app.project_id, live: app.live, kind: app.kind },
        identifier: { type: challenge.type, value: challenge.value },
      }
      admission.verified(app, owner.identifier, {
        challengeId: challenge.challenge_id,
        sends: challenge.sends,
      })
      return {
        tokens: await outcome.tokens(),
        account,
        created,
        deviceToken: devices.issue(owner, challenge.device_id ?? undefined),
      }
    },
  }
}

export type SignIn = ReturnType<typeof createSignIn>

/** Somebody else made the account of the same identifier while we did: it is there now, so once more finds it. */
async function signInOnce(run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await run()
  } catch (error) {
    if (isIdentifierTaken(error)) return await run()
    throw error
  }
}

function isIdentifierTaken(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 'identity.identifier_taken'
}

function requireActive(account: AccountWithIdentifiers): void {
  if (account.state === AccountState.ACTIVE) return
  throw appError(
    reasons,
    'identity.account_banned',
    'This account is kept out. Ask the people whose app it is.',
  )
}

function codeWrong(checksLeft: number) {
  const message =
    checksLeft > 0
      ? 'The code is wrong. Look at the newest message, and try again.'
      : 'The code is wrong, and was tried five times. Ask for a new one.'
  return appError(reasons, 'identity.code_wrong', message, { metadata: { checksLeft: String(checksLeft) } })
}
