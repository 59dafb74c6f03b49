import { type AppError, appError, type Clock, createBatcher, type Db, newId } from '@mainstay/kernel'
import { OtpChannel, OtpPurpose } from '@mainstay/proto/identity/v1'
import { IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import type { AppClient } from '../clients/service.ts'
import type { IdentitySettings } from '../config.ts'
import type { Devices } from '../devices.ts'
import { reasons } from '../errors.ts'
import type { CanonicalIdentifier } from '../identifiers.ts'
import type { Admission } from './admission.ts'
import type { Codes } from './codes.ts'
import type { OtpSender } from './sender.ts'
import { type ChallengeRow, findChallenge, insertChallenges, type NewChallenge, noteSend } from './store.ts'

export interface OtpDeps {
  db: Db
  clock: Clock
  settings: IdentitySettings
  codes: Codes
  devices: Pick<Devices, 'read'>
  sender: OtpSender
  admission: Pick<Admission, 'require'>
}

export interface StartOtp {
  identifier: CanonicalIdentifier
  channel: OtpChannel
  purpose: OtpPurpose
  locale: string
  deviceToken: string
  proof: string
  caller: OtpCaller
}

/** Who asks for a code, for limits and the ledger. */
export interface OtpCaller {
  clientAddress: string
  requestId: string
  traceId: string
}

/** A challenge as its caller is told of it. */
export interface Challenge {
  row: ChallengeRow
  channels: OtpChannel[]
  /** Undefined: it is not sent again. */
  resendTime: Date | undefined
}

export const MOST_SENDS = 5
export const MOST_CHECKS = 5
export const GUESS_WINDOW_MS = 86_400_000

export function createOtp({ db, clock, settings, codes, devices, sender, admission }: OtpDeps) {
  /** Codes that are asked for at the same time share a statement. */
  const starting = createBatcher<NewChallenge, ChallengeRow>({ run: (asked) => insertChallenges(db, asked) })

  const toChallenge = (row: ChallengeRow, app: AppClient): Challenge => {
    const resendMs = row.send_time.getTime() + settings.otpResendAfterMs
    return {
      row,
      channels: channelsFor(app, row.type),
      resendTime: row.sends < MOST_SENDS ? new Date(resendMs) : undefined,
    }
  }

  const send = async (row: ChallengeRow, app: AppClient, caller: OtpCaller): Promise<void> => {
    const code = codes.of(row.challenge_id, row.long_code)
    await sender.send({ challenge: row, app, code, caller })
  }

  return {
    /**
     * Begins a challenge and sends its code. What is answered, and the work that is done for it, is the same whether the
     * person has an account or not; where none may be made, no code goes out, and none is right.
     */
    async start(app: AppClient, ask: StartOtp): Promise<Challenge> {
      const { identifier } = ask
      const channel = chooseChannel(app, identifier.type, ask.channel)
      const owner = { projectId: app.project_id, live: app.live, kind: app.kind, identifier }
      const deviceId = ask.deviceToken === '' ? undefined : devices.read(ask.deviceToken, owner)
      const { proof, caller } = ask
      await admission.require(app, { identifier, channel, deviceId: deviceId ?? '', proof, caller })
      const now = clock.now()
      const row = await starting.submit({
        row: {
          project_id: app.project_id,
          challenge_id: newId(clock),
          live: app.live,
          kind: app.kind,
          client_id: app.client_id,
          purpose: ask.purpose || OtpPurpose.SIGN_IN,
          type: identifier.type,
          value: identifier.value,
          device_id: deviceId ?? null,
          channel,
          locale: ask.locale,
          create_time: now,
          expire_time: new Date(now.getTime() + settings.otpTtlMs),
        },
        mostFailures: settings.guessesPerDay,
        since: new Date(now.getTime() - GUESS_WINDOW_MS),
        inviteOnly: app.rules.invite_only,
      })
      await send(row, app, caller)
      return toChallenge(row, app)
    },

    /** Sends the same code again. Throws `identity.challenge_invalid` and `identity.otp_too_many_sends`. */
    async resend(
      app: AppClient,
      ask: { challengeId: string; channel: OtpChannel; proof: string; caller: OtpCaller },
    ): Promise<Challenge> {
      const now = clock.now()
      const which = { projectId: app.project_id, challengeId: ask.challengeId, clientId: app.client_id, now }
      const row = await findChallenge(db, which)
      if (row === undefined) throw challengeInvalid()
      const channel = chooseChannel(app, row.type, ask.channel || row.channel)
      const { proof, caller } = ask
      await admission.require(app, { identifier: row, channel, deviceId: row.device_id ?? '', proof, caller })
      const lastBefore = new Date(now.getTime() - settings.otpResendAfterMs)
      if (!(await noteSend(db, { ...which, mostSends: MOST_SENDS, lastBefore, channel }))) {
        throw tooManySends(row, settings.otpResendAfterMs, now)
      }
      const sent: ChallengeRow = { ...row, channel, sends: row.sends + 1, send_time: now }
      await send(sent, app, caller)
      return toChallenge(sent, app)
    },
  }
}

export type Otp = ReturnType<typeof createOtp>

/** Over what a kind lets codes go to an identifier, the first by itself. */
function channelsFor(app: AppClient, type: IdentifierType): OtpChannel[] {
  if (type === IdentifierType.EMAIL) return app.rules.email_refused ? [] : [OtpChannel.EMAIL]
  const { phone_channels } = app.rules
  return phone_channels.length > 0 ? phone_channels : [OtpChannel.SMS]
}

function chooseChannel(app: AppClient, type: IdentifierType, wanted: OtpChannel): OtpChannel {
  const allowed = channelsFor(app, type)
  const channel = wanted === OtpChannel.UNSPECIFIED ? allowed[0] : wanted
  if (channel !== undefined && allowed.includes(channel)) return channel
  throw appError(
    reasons,
    'identity.channel_not_allowed',
    'Codes do not go to this identifier over this channel: see `phone_channels` and `email_refused` of the kind.',
    {
      violations: [
        { field: 'channel', description: 'is not one of the kind’s channels for this identifier' },
      ],
    },
  )
}

/** One answer for a challenge that was used, has expired, was checked too often, is another app's, or never was. */
export function challengeInvalid(): AppError {
  return appError(
    reasons,
    'identity.challenge_invalid',
    'This code can no longer be used: it was used, has expired or was tried too often. Ask for a new one.',
  )
}

function tooManySends(row: ChallengeRow, resendAfterMs: number, now: Date): AppError {
  const allSent = row.sends >= MOST_SENDS
  const nextMs = row.send_time.getTime() + resendAfterMs - now.getTime()
  return appError(
    reasons,
    'identity.otp_too_many_sends',
    allSent
      ? 'This code was sent five times. Ask for a new one.'
      : 'This code was sent a moment ago. Wait before it is sent again.',
    allSent ? {} : { retryAfterMs: Math.max(nextMs, 1000) },
  )
}
