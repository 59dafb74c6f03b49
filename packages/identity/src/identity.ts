import type { Bus, Clock, Db, Events, Logger, PageTokens, Sealer } from '@mainstay/kernel'
import type { OtpGuard } from '@mainstay/limits'
import type { Notify } from '@mainstay/notify'
import type { CallContext, Caller, Implementation } from '@mainstay/rpc'
import type { JWK } from 'jose'
import { createAnonymous } from './accounts/anonymous.ts'
import { implementAccounts } from './accounts/api.ts'
import { createDeletion } from './accounts/deletion.ts'
import { createIdentifiers } from './accounts/identifiers.ts'
import { createImpersonation } from './accounts/impersonation.ts'
import { createNotices } from './accounts/notices.ts'
import { createPeople } from './accounts/people.ts'
import { selfHandlers } from './accounts/self-api.ts'
import { createAccounts } from './accounts/service.ts'
import { implementIdentity } from './api.ts'
import { implementClients } from './clients/api.ts'
import { createClients } from './clients/service.ts'
import type { IdentitySettings } from './config.ts'
import { createDevices } from './devices.ts'
import { createImport } from './import/service.ts'
import { createKeys, NoProjectError } from './keys/keys.ts'
import { createAdmission } from './otp/admission.ts'
import { CODES_KEY, createCodes } from './otp/codes.ts'
import { createOtpSender } from './otp/sender.ts'
import { createOtp, GUESS_WINDOW_MS } from './otp/service.ts'
import { deleteOldChallenges } from './otp/store.ts'
import { implementOtpProtection } from './otp-protection/api.ts'
import { implementPasswords } from './passwords/api.ts'
import { createPwnedPasswords } from './passwords/policy.ts'
import { createPool } from './passwords/pool.ts'
import { createPasswords } from './passwords/service.ts'
import { createAccessTokens } from './sessions/access-tokens.ts'
import { createAccountAuthenticator } from './sessions/authenticator.ts'
import { createEndedSessions } from './sessions/ended.ts'
import { createRefreshTokens } from './sessions/refresh-tokens.ts'
import { createSessions, SESSIONS_ENDED } from './sessions/service.ts'
import { deleteOldSessions } from './sessions/store.ts'
import { createSignIn } from './sign-in.ts'

export interface IdentityDeps {
  db: Db
  bus: Bus
  clock: Clock
  events: Pick<Events, 'publish' | 'publishMany'>
  sealer: Pick<Sealer, 'seal' | 'open' | 'deriveKey'>
  pageTokens: PageTokens
  settings: IdentitySettings
  logger: Pick<Logger, 'warn'>
  notify: Pick<Notify, 'send' | 'oneTimeCodes'>
  guard: OtpGuard
  /** Where people reach this installation, without a slash at the end: what tokens name as their issuer. */
  baseUrl: string
  /** Milliseconds that never step back, for the lease on ended sessions. Default `performance.now`. */
  monotonicMs?: () => number
}

/** Knows who is calling: people of every kind, what they sign in by, and where they are signed in. */
export interface Identity {
  /** For `createRpc`. */
  implementations: readonly Implementation[]
  /** For access: says which account an access token is of. */
  authenticate(token: string, ctx: CallContext): Caller | Promise<Caller>
  /** The public keys of a project (uuid), RFC 7517 §5. Undefined when there is no such project. */
  jwks(projectId: string, live: boolean): Promise<{ keys: JWK[] } | undefined>
  /** Listens for what changes elsewhere. */
  start(): Promise<void>
  stop(): void
  /** Rotates keys and forgets what is of no use any more. For a job every ten minutes or so. */
  maintain(): Promise<void>
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const KEEP_ENDED_SESSIONS_MS = 90 * DAY_MS

export function createIdentity(deps: IdentityDeps): Identity {
  const { db, bus, clock, sealer, settings, pageTokens, notify } = deps
  const keys = createKeys({ db, clock, sealer, settings })
  const accessTokens = createAccessTokens({ keys, clock, baseUrl: () => deps.baseUrl })
  const ended = createEndedSessions({ db, clock, ...(deps.monotonicMs && { monotonicMs: deps.monotonicMs }) })
  const refreshTokens = createRefreshTokens(sealer.deriveKey('identity refresh tokens'))
  const codes = createCodes(sealer.deriveKey(CODES_KEY))
  const devices = createDevices(sealer.deriveKey('identity devices'), clock)
  const clients = createClients({ db, bus, clock, pageTokens })
  const sessions = createSessions({
    ...{ db, bus, clock, settings, accessTokens, refreshTokens },
    onEnded: ended.hint,
  })
  const accounts = createAccounts({ db, clock, events: deps.events, pageTokens, clients, sessions })
  const sender = createOtpSender({ notify, clock })
  const admission = createAdmission({
    ...{ guard: deps.guard, notify, defaultPriceMicros: settings.otpDefaultPriceMicros },
    recipientKey: sealer.deriveKey('identity recipients'),
  })
  const otp = createOtp({ db, clock, settings, codes, devices, sender, admission })
  const signIn = createSignIn({ db, clock, settings, codes, devices, accounts, sessions, admission })
  const { passwordHashesAtOnce: atOnce, pwnedPasswordsUrl: url } = settings
  const passwords = createPasswords({
    ...{ db, clock, settings, devices, sessions, sealer },
    run: createPool({ atOnce, waiting: atOnce * 64 }),
    isBreached:
      url === undefined ? async () => undefined : createPwnedPasswords({ url, logger: deps.logger }),
  })
  const authenticate = createAccountAuthenticator({ accessTokens, ended, clock })
  const notices = createNotices(notify)
  const people = createPeople({ db, clock })
  const identifiers = createIdentifiers({
    ...{ db, clock, settings, codes, clients, otp, accounts },
    notices,
  })
  const deletion = createDeletion({ db, clock, settings, accounts, clients, notices })
  const accountImport = createImport({ db, clock, sealer, accounts, clients })
  const impersonate = createImpersonation({ db, clock, accounts, accessTokens })
  const anonymous = createAnonymous({ db, clock, accounts, sessions })
  const self = selfHandlers({ clients, identifiers, people, deletion, anonymous, authenticate })
  const listening: (() => void)[] = []

  return {
    implementations: [
      implementIdentity({ clients, otp, signIn, accounts, sessions, self }),
      implementAccounts({
        db,
        clock,
        pageTokens,
        accounts,
        sessions,
        identifiers,
        people,
        accountImport,
        clients,
        impersonate,
        deletion,
      }),
      implementClients({ clients }),
      implementPasswords({ clients, accounts, passwords }),
      implementOtpProtection({ db, clock, pageTokens, guard: deps.guard }),
    ],
    authenticate,
    async jwks(projectId, live) {
      try {
        return (await keys.ring(projectId, live)).jwks
      } catch (error) {
        if (error instanceof NoProjectError) return undefined
        throw error
      }
    },
    async start() {
      await clients.start()
      listening.push(bus.onReconnect(ended.hint))
      listening.push(await bus.listen(SESSIONS_ENDED, ended.hint))
    },
    stop() {
      for (const end of listening.splice(0)) end()
      clients.stop()
    },
    async maintain() {
      const nowMs = clock.nowMs()
      await keys.rotate()
      await deps.guard.maintain()
      await deletion.run()
      await deleteOldChallenges(db, new Date(nowMs - GUESS_WINDOW_MS))
      await deleteOldSessions(db, {
        ends: new Date(nowMs - 2 * HOUR_MS),
        sessions: new Date(nowMs - KEEP_ENDED_SESSIONS_MS),
      })
    },
  }
}
