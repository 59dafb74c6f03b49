import { recordAudits } from '@mainstay/access'
import { appError, type Clock, createBatcher, type Db, type Tx, toTypeId } from '@mainstay/kernel'
import { OtpPurpose } from '@mainstay/proto/identity/v1'
import { AccountState } from '@mainstay/proto/identity/v1/accounts'
import { type Accounts, newAccount } from './accounts/service.ts'
import { type AccountWithIdentifiers, signInByIdentifiers } from './accounts/store.ts'
import type { AppClient } from './clients/service.ts'
import type { IdentitySettings } from './config.ts'
import type { Devices } from './devices.ts'
import { reasons } from './errors.ts'
import type { Admission } from './otp/admission.ts'
import { type Codes, isTestCode } from './otp/codes.ts'
import { challengeInvalid, GUESS_WINDOW_MS, MOST_CHECKS } from './otp/service.ts'
import { admitChecks, budgetKeyOf, type ChallengeRow, endChallenges, spendGuesses } from './otp/store.ts'
import { methodOf } from './otp/words.ts'
import type { BegunSession, Sessions, SignInPlace, Tokens } from './sessions/service.ts'

export interface SignInDeps {
  db: Db
  clock: Clock
  settings: IdentitySettings
  codes: Codes
  devices: Devices
  accounts: Pick<Accounts, 'insert'>
  sessions: Pick<Sessions, 'begin'>
  admission: Pick<Admission, 'verified'>
}

export interface SignedInAccount {
  tokens: Tokens
  account: AccountWithIdentifiers
  created: boolean
  deviceToken: string
}

/** A code that somebody typed, for the challenge that it was sent for. */
export interface TypedCode {
  app: AppClient
  /** uuid. */
  challengeId: string
  code: string
  place: SignInPlace
  requestId: string
}

type Outcome =
  | { is: 'invalid' }
  | { is: 'banned' }
  | { is: 'wrong'; checksLeft: number }
  | {
      is: 'right'
      challenge: ChallengeRow
      account: AccountWithIdentifiers
      created: boolean
      session: BegunSession
    }

/** Who proved what, on the way to a session. */
interface Proved {
  ask: TypedCode
  challenge: ChallengeRow
}

/** An account, and of a new one, who made it: of several who prove to be one person at the same time, one. */
interface Found {
  account: AccountWithIdentifiers
  maker?: TypedCode
}

/** Signs people in once they have proved something. */
export function createSignIn(deps: SignInDeps) {
  const { db, clock, settings, codes, devices, accounts, sessions, admission } = deps

  /** Those whose codes may be compared: of challenges that hold, and of identifiers that were not guessed at too often. */
  const admit = async (tx: Tx, asks: readonly TypedCode[]): Promise<Map<string, ChallengeRow>> => {
    const now = clock.now()
    const questions = asks.map(({ app, challengeId }) => ({
      ...{ projectId: app.project_id, challengeId, clientId: app.client_id },
    }))
    const held = await admitChecks(tx, questions, { mostChecks: MOST_CHECKS, now })
    // A code of another purpose signs nobody in.
    const challenges = held.filter(({ purpose }) => purpose === OtpPurpose.SIGN_IN)
    const admitted = new Map<string, ChallengeRow>()
    let waiting = challenges.filter((challenge) => {
      if (challenge.long_code) admitted.set(challenge.challenge_id, challenge)
      return !challenge.long_code
    })
    const since = new Date(now.getTime() - GUESS_WINDOW_MS)
    while (waiting.length > 0) {
      // Guesses at one identifier take turns: each sees what those before it have used up.
      const turn = new Map(waiting.map((challenge) => [budgetKeyOf(challenge), challenge]))
      const allowed = await spendGuesses(tx, [...turn.values()], {
        mostFailures: settings.guessesPerDay,
        now,
        since,
      })
      for (const [key, challenge] of turn)
        if (allowed.has(key)) admitted.set(challenge.challenge_id, challenge)
      waiting = waiting.filter((challenge) => turn.get(budgetKeyOf(challenge)) !== challenge)
    }
    return admitted
  }

  /** The accounts of identifiers that were proved, new ones where there are none, by the identifier's key. */
  const findOrMake = async (tx: Tx, proved: readonly Proved[]): Promise<Map<string, Found>> => {
    const now = clock.now()
    const distinct = new Map(proved.map((one) => [identifierKeyOf(one.challenge), one]))
    const keys = [...distinct.values()].map(({ challenge }) => ({
      ...{ projectId: challenge.project_id, live: challenge.live, kind: challenge.kind },
      ...{ type: challenge.type, value: challenge.value },
    }))
    const found = new Map<string, Found>()
    for (const row of await signInByIdentifiers(tx, keys, now)) {
      found.set(identifierKeyOf({ ...row, type: row.by_type, value: row.by_value }), { account: row })
    }
    const made = [...distinct]
      .filter(([key]) => !found.has(key))
      .map(([key, { ask, challenge }]) => {
        const { project_id: projectId, live, kind, type, value, locale } = challenge
        const person = { projectId, live, kind, locale, displayName: '', attributes: {}, verifyTime: now }
        const row = newAccount({ ...person, identifiers: [{ type, value }] }, clock)
        found.set(key, { account: row, maker: ask })
        return { act: { actor: toTypeId('cli', ask.app.client_id), requestId: ask.requestId }, row }
      })
    await accounts.insert(tx, made)
    return found
  }

  /** Compares codes that were typed at the same time, in one transaction: a commit is what a sign-in costs most of. */
  const checkCodes = async (tx: Tx, asks: readonly TypedCode[]): Promise<Outcome[]> => {
    const admitted = await admit(tx, asks)
    const proved = asks.flatMap((ask): Proved[] => {
      const challenge = admitted.get(ask.challengeId)
      if (challenge === undefined || challenge.decoy) return []
      const { live } = challenge
      const isRight =
        codes.matches(challenge.challenge_id, challenge.long_code, ask.code) ||
        isTestCode(ask.code, { live, testCode: ask.app.rules.test_code })
      return isRight ? [{ ask, challenge }] : []
    })
    const outcomes = new Map<TypedCode, Outcome>()
    if (proved.length > 0) {
      await endChallenges(
        tx,
        proved.map(({ challenge }) => challenge),
        clock.now(),
      )
      const found = await findOrMake(tx, proved)
      const entering = proved.flatMap(({ ask, challenge }) => {
        const { account, maker } = found.get(identifierKeyOf(challenge)) ?? {}
        if (account === undefined) return []
        if (account.state === AccountState.ACTIVE)
          return [{ ask, challenge, account, created: maker === ask }]
        outcomes.set(ask, { is: 'banned' })
        return []
      })
      const begun = await beginSessions(tx, entering)
      for (const [index, one] of entering.entries()) {
        outcomes.set(one.ask, { is: 'right', ...one, session: begun[index] as BegunSession })
      }
    }
    return asks.map((ask): Outcome => {
      const challenge = admitted.get(ask.challengeId)
      if (challenge === undefined) return { is: 'invalid' }
      return outcomes.get(ask) ?? { is: 'wrong', checksLeft: MOST_CHECKS - challenge.checks }
    })
  }

  const beginSessions = async (
    tx: Tx,
    entering: readonly (Proved & { account: AccountWithIdentifiers })[],
  ): Promise<BegunSession[]> => {
    if (entering.length === 0) return []
    const begun = await sessions.begin(
      tx,
      entering.map(({ ask, challenge, account }) => ({
        ...{ app: ask.app, accountId: account.account_id, place: ask.place },
        methods: methodOf(challenge.channel),
      })),
    )
    await recordAudits(
      tx,
      clock,
      entering.map(({ ask, account }, index) => ({
        act: { actor: toTypeId('acc', account.account_id), requestId: ask.requestId },
        entry: {
          projectId: account.project_id,
          action: 'identity.sessions.create',
          resource: toTypeId('asn', begun[index]?.sessionId ?? ''),
        },
      })),
    )
    return begun
  }

  const checking = createBatcher<TypedCode, Outcome>({
    keyOf: ({ challengeId }) => challengeId,
    run: (asks) => db.transaction((tx) => checkCodes(tx, asks)),
  })

  return {
    /**
     * Signs in with a code. Of right codes at the same time one wins; wrong ones are counted on the challenge and on the
     * identifier, whatever happens afterwards. Throws `identity.code_wrong`, `identity.challenge_invalid` and
     * `identity.account_banned`.
     */
    async withCode(ask: TypedCode): Promise<SignedInAccount> {
      const outcome = await signInOnce(() => checking.submit(ask))
      if (outcome.is === 'invalid') throw challengeInvalid()
      if (outcome.is === 'banned') throw banned()
      if (outcome.is === 'wrong') throw codeWrong(outcome.checksLeft)
      const { app } = ask
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
        tokens: await outcome.session.tokens(),
        account,
        created,
        deviceToken: devices.issue(owner, challenge.device_id ?? undefined),
      }
    },
  }
}

export type SignIn = ReturnType<typeof createSignIn>

function identifierKeyOf({
  project_id,
  live,
  kind,
  type,
  value,
}: Pick<ChallengeRow, 'project_id' | 'live' | 'kind' | 'type' | 'value'>): string {
  return JSON.stringify([project_id, live, kind, type, value])
}

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

function banned() {
  return appError(
    reasons,
    'identity.account_banned',
    'This account is kept out. Ask the people whose app it is.',
  )
}

export function codeWrong(checksLeft: number) {
  const message =
    checksLeft > 0
      ? 'The code is wrong. Look at the newest message, and try again.'
      : 'The code is wrong, and was tried five times. Ask for a new one.'
  return appError(reasons, 'identity.code_wrong', message, { metadata: { checksLeft: String(checksLeft) } })
}
