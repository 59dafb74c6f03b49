import { recordAudit } from '@mainstay/access'
import { appError, type Clock, type Db, type Sealer, type Tx, toTypeId } from '@mainstay/kernel'
import { AccountState } from '@mainstay/proto/identity/v1/accounts'
import { signInByIdentifiers } from '../accounts/store.ts'
import type { AppClient } from '../clients/service.ts'
import type { IdentitySettings } from '../config.ts'
import type { Devices } from '../devices.ts'
import { reasons } from '../errors.ts'
import { possibleIdentifiers } from '../identifiers.ts'
import { GUESS_WINDOW_MS } from '../otp/service.ts'
import { type Budget, clearGuesses, spendGuesses } from '../otp/store.ts'
import type { AccessClaims } from '../sessions/access-tokens.ts'
import type { Sessions, SignInPlace } from '../sessions/service.ts'
import type { SignedInAccount } from '../sign-in.ts'
import { hashPassword, type Verified, verifyPassword } from './hash.ts'
import { verifyImported } from './imported.ts'
import { type IsBreached, requireGoodPassword } from './policy.ts'
import type { createPool } from './pool.ts'
import {
  findHash,
  findPassword,
  listOtherSessions,
  type PasswordRow,
  replaceHash,
  upsertHash,
} from './store.ts'

export interface PasswordsDeps {
  db: Db
  clock: Clock
  settings: Pick<IdentitySettings, 'guessesPerDay'>
  devices: Devices
  sessions: Pick<Sessions, 'begin' | 'end'>
  run: ReturnType<typeof createPool>
  isBreached: IsBreached
  sealer: Pick<Sealer, 'open'>
}

/** Guesses at passwords are counted apart from those at codes: neither uses up what the other has. */
const PASSWORD_GUESSES = 100
const RECENT_MS = 600_000

export function createPasswords(deps: PasswordsDeps) {
  const { db, clock, settings, devices, sessions, run, isBreached, sealer } = deps

  /** Against our own hash, or else the one from elsewhere; where there is neither, against nobody's. */
  const verify = (password: string, found: PasswordRow | undefined): Promise<Verified> => {
    const { hash, imported, account_id: accountId } = found ?? {}
    if (accountId === undefined || hash || !imported) return verifyPassword(password, hash ?? undefined)
    const sealed = Buffer.from(imported.sealed, 'base64')
    return verifyImported(password, { ...imported, sealed }, { sealer, accountId })
  }

  return {
    /**
     * Signs in. Every call verifies one hash, whether there is an account, a password, or neither, so that the time says nothing; and
     * counts on the identifier before it is known to be wrong.
     */
    async signIn(
      app: AppClient,
      ask: {
        identifier: string
        password: string
        deviceToken: string
        place: SignInPlace
        requestId: string
      },
    ): Promise<SignedInAccount> {
      const identifiers = possibleIdentifiers(ask.identifier)
      const [first] = identifiers
      if (first === undefined) throw wrong()
      const space = { projectId: app.project_id, live: app.live, kind: app.kind }
      const found = await findPassword(
        db,
        identifiers.map((identifier) => ({ ...space, ...identifier })),
      )
      const identifier = found === undefined ? first : { type: found.type, value: found.value }
      const owner = { ...space, identifier }
      const deviceId = ask.deviceToken === '' ? undefined : devices.read(ask.deviceToken, owner)
      const budget = budgetOf(app, identifier, deviceId)
      const now = clock.now()
      const allowed = await db.transaction((tx) =>
        spendGuesses(tx, [budget], {
          ...{ mostFailures: settings.guessesPerDay, now },
          since: new Date(now.getTime() - GUESS_WINDOW_MS),
        }),
      )
      if (allowed.size === 0) throw guessed()
      const { right, outdated } = await run(() => verify(ask.password, found))
      if (!right || found === undefined) throw wrong()
      if (found.state !== AccountState.ACTIVE) throw banned()
      if (outdated) {
        const hash = await run(() => hashPassword(ask.password))
        const which = { ...space, accountId: found.account_id }
        await db.transaction((tx) => replaceHash(tx, { ...which, from: found.hash, to: hash }, clock.now()))
      }
      const begun = await db.transaction(async (tx) => {
        await clearGuesses(tx, budget)
        const [account] = await signInByIdentifiers(tx, [{ ...space, ...identifier }], clock.now())
        if (account === undefined || account.state !== AccountState.ACTIVE) throw banned()
        const [session] = await sessions.begin(tx, [
          { app, accountId: account.account_id, methods: ['pwd'], place: ask.place },
        ])
        if (session === undefined) throw new TypeError('One session was asked for')
        await recordAudit(
          tx,
          clock,
          { actor: toTypeId('acc', account.account_id), requestId: ask.requestId },
          {
            projectId: app.project_id,
            action: 'identity.sessions.create',
            resource: toTypeId('asn', session.sessionId),
          },
        )
        return { account, session }
      })
      return {
        tokens: await begun.session.tokens(),
        account: begun.account,
        created: false,
        deviceToken: devices.issue(owner, deviceId),
      }
    },

    /** Sets an account's own password; all its other sessions end. */
    async setOwn(
      claims: AccessClaims,
      ask: { password: string; currentPassword: string; own: readonly string[]; requestId: string },
    ): Promise<void> {
      const { projectId, accountId, sessionId } = claims
      const stored = await findHash(db, projectId, accountId)
      if (stored !== undefined) {
        const { right } = await run(() => verifyPassword(ask.currentPassword, stored))
        if (!right) throw wrong()
      } else if (claims.authTimeMs < clock.nowMs() - RECENT_MS) {
        throw appError(
          reasons,
          'identity.proof_too_old',
          'You signed in too long ago to set a password. Sign in again, by a code, and set it then.',
        )
      }
      await requireGoodPassword(ask.password, ask.own, isBreached)
      const hash = await run(() => hashPassword(ask.password))
      await db.transaction(async (tx) => {
        await upsertHash(tx, { projectId, accountId, hash }, clock.now())
        await endOthers(tx, { projectId, accountId, sessionId })
        await recordAudit(
          tx,
          clock,
          { actor: toTypeId('acc', accountId), requestId: ask.requestId },
          { projectId, action: 'identity.passwords.set', resource: toTypeId('acc', accountId) },
        )
      })
    },
  }

  async function endOthers(
    tx: Tx,
    which: { projectId: string; accountId: string; sessionId: string },
  ): Promise<void> {
    for (const sessionId of await listOtherSessions(tx, which)) {
      await sessions.end(tx, { ...which, sessionId }, 'password_changed')
    }
  }
}

export type Passwords = ReturnType<typeof createPasswords>

function budgetOf(
  app: AppClient,
  identifier: { type: number; value: string },
  deviceId: string | undefined,
): Budget {
  return {
    ...{ project_id: app.project_id, live: app.live, kind: app.kind, value: identifier.value },
    ...{ type: PASSWORD_GUESSES + identifier.type, device_id: deviceId ?? null },
  }
}

/** One answer for no account, no password and a wrong one. */
function wrong() {
  return appError(reasons, 'identity.password_wrong', 'The password is wrong, or there is no such account.')
}

function guessed() {
  return appError(
    reasons,
    'identity.password_guessed',
    'Too many wrong passwords were tried for this account from devices that are not known. Sign in by a code instead.',
  )
}

function banned() {
  return appError(
    reasons,
    'identity.account_banned',
    'This account is kept out. Ask the people whose app it is.',
  )
}
