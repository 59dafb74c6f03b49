import { createHmac } from 'node:crypto'
import { type AppError, appError } from '@mainstay/kernel'
import type { Assessment, OtpGuard } from '@mainstay/limits'
import { countryOf, type Notify } from '@mainstay/notify'
import { OtpChannel } from '@mainstay/proto/identity/v1'
import { IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import type { AppClient } from '../clients/service.ts'
import { reasons } from '../errors.ts'
import type { CanonicalIdentifier } from '../identifiers.ts'
import type { OtpCaller } from './service.ts'

export interface AdmissionDeps {
  guard: Pick<OtpGuard, 'assess' | 'verified'>
  notify: Pick<Notify, 'oneTimeCodes'>
  /** 32 bytes: recipients are counted by keyed hashes. */
  recipientKey: Uint8Array
  /** What a message costs where no prices are known, in millionths of the project's currency. */
  defaultPriceMicros: number
}

export interface Admission {
  /** Whether a code may be sent. Throws `identity.otp_refused` and `identity.otp_proof_required`. */
  require(app: AppClient, ask: AdmissionAsk): Promise<void>
  /** A code was right. */
  verified(
    app: AppClient,
    identifier: CanonicalIdentifier,
    sent: { challengeId: string; sends: number },
  ): void
}

export interface AdmissionAsk {
  identifier: CanonicalIdentifier
  channel: OtpChannel
  deviceId: string
  proof: string
  caller: OtpCaller
}

/** Asks the guard before a code costs anything, and tells it and routing when one was used. */
export function createAdmission({
  guard,
  notify,
  recipientKey,
  defaultPriceMicros,
}: AdmissionDeps): Admission {
  const hashOf = ({ type, value }: CanonicalIdentifier): string =>
    createHmac('sha256', recipientKey)
      .update(`${type}:${type === IdentifierType.EMAIL ? mailboxOf(value) : value}`)
      .digest('base64url')

  const priceOf = async (app: AppClient, e164: string | undefined): Promise<number> => {
    // Test messages go to the sandbox, and email costs next to nothing.
    if (!app.live || e164 === undefined) return 0
    return (await notify.oneTimeCodes.dearestPrice(app.project_id, e164)) ?? defaultPriceMicros
  }

  return {
    async require(app, { identifier, channel, deviceId, proof, caller }) {
      const e164 = identifier.type === IdentifierType.PHONE ? identifier.value : undefined
      const assessment = await guard.assess({
        ...{ projectId: app.project_id, live: app.live, kind: app.kind, channel: CHANNELS[channel] ?? 'sms' },
        recipientKey: hashOf(identifier),
        ...{ e164, country: e164 === undefined ? undefined : countryOf(e164) },
        ...{ clientAddress: caller.clientAddress, deviceId, priceMicros: await priceOf(app, e164), proof },
      })
      if (assessment.verdict !== 'allow') throw refusal(assessment)
    },
    verified(app, { type, value }, { challengeId, sends }) {
      const e164 = type === IdentifierType.PHONE ? value : undefined
      const country = e164 === undefined ? undefined : countryOf(e164)
      guard.verified({ projectId: app.project_id, live: app.live, country, e164 })
      // Best effort: it makes the next code cheaper, and this person has signed in.
      notify.oneTimeCodes
        .used({ projectId: app.project_id, live: app.live, dedupeKey: otpDedupeKey(challengeId, sends) })
        .catch(() => undefined)
    },
  }
}

const CHANNELS: Partial<Record<OtpChannel, 'sms' | 'whatsapp' | 'email'>> = {
  [OtpChannel.SMS]: 'sms',
  [OtpChannel.WHATSAPP]: 'whatsapp',
  [OtpChannel.EMAIL]: 'email',
}

/** The name that one send of a code has in notify's ledger. */
export function otpDedupeKey(challengeId: string, sends: number): string {
  return `otp/${challengeId}/${sends}`
}

/** Addresses that reach one mailbox are one recipient, for counting: what follows a `+` is the person's own. */
function mailboxOf(address: string): string {
  return address.replace(/\+[^@]*(?=@)/, '')
}

function refusal({ verdict, task, retryAfterMs }: Assessment): AppError {
  if (verdict === 'challenge' && task !== undefined) {
    return appError(
      reasons,
      'identity.otp_proof_required',
      'Before a code is sent, the app has to prove that it is worth it: solve the task, and send the solution as `proof`.',
      { metadata: { kind: task.kind, task: task.task, bits: String(task.bits), siteKey: task.siteKey } },
    )
  }
  return appError(
    reasons,
    'identity.otp_refused',
    'No code is sent there now. Wait, or sign in another way.',
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
}
