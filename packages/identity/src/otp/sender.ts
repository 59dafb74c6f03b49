import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { durationFromMs } from '@bufbuild/protobuf/wkt'
import { type Clock, newTrace, toTypeId } from '@mainstay/kernel'
import type { Notify } from '@mainstay/notify'
import { OtpChannel } from '@mainstay/proto/identity/v1'
import { MessageClass, SendNotificationRequestSchema, UnknownPolicy } from '@mainstay/proto/notify/v1'
import { nobody } from '@mainstay/rpc'
import type { AppClient } from '../clients/service.ts'
import type { KindRow } from '../clients/store.ts'
import { otpDedupeKey } from './admission.ts'
import type { OtpCaller } from './service.ts'
import type { ChallengeRow } from './store.ts'
import { emailWords, smsText, type Wording, whatsappText } from './words.ts'

export interface OtpMessage {
  challenge: ChallengeRow
  app: AppClient
  code: string
  caller: OtpCaller
}

export interface OtpSender {
  /** Sends a code, or refuses to. A decoy takes the same way up to the message itself. */
  send(message: OtpMessage): Promise<void>
}

/**
 * Hands codes to notify's lane for them. A code may arrive twice, since it is the same, so what a provider leaves open is sent
 * again; what could not be sent before the code ends is not sent at all.
 */
export function createOtpSender({
  notify,
  clock,
}: {
  notify: Pick<Notify, 'send'>
  clock: Clock
}): OtpSender {
  const times = createRecentTimes()
  return {
    async send({ challenge, app, code, caller }) {
      if (challenge.decoy) return await times.passOne()
      const beganMs = performance.now()
      const { challenge_id, sends, channel, expire_time } = challenge
      const wording: Wording = {
        code,
        senderName: app.senderName,
        locale: challenge.locale,
        webOtpDomain: app.web_otp_domain,
        smsRetrieverHash: app.sms_retriever_hash,
      }
      const leftMs = Math.max(expire_time.getTime() - clock.nowMs(), 1000)
      const request = create(SendNotificationRequestSchema, {
        ...contentOf(channel, challenge.value, wording, app.rules),
        messageClass: MessageClass.OTP,
        unknownPolicy: UnknownPolicy.AT_LEAST_ONCE,
        ttl: durationFromMs(leftMs),
        dedupeKey: otpDedupeKey(challenge_id, sends),
      })
      await notify.send(request, {
        projectId: app.project_id,
        caller: { ...nobody, id: toTypeId('cli', app.client_id), testMode: !app.live },
        requestId: caller.requestId,
        trace: { ...newTrace(), traceId: caller.traceId },
        idempotency: undefined,
        setHeader: () => undefined,
      })
      times.note(performance.now() - beganMs)
    },
  }
}

/** The template that the kind names, in the language nearest to the person's; or free text where it names none. */
function whatsappContent(
  wording: Wording,
  { whatsapp_template: name, whatsapp_languages: languages }: KindRow,
) {
  if (name === '') return { case: 'text' as const, value: whatsappText(wording) }
  const [wanted = '', bare = ''] = [wording.locale.replace('-', '_'), wording.locale.split('-')[0]]
  const near = languages.find((one) => one === wanted) ?? languages.find((one) => one.split('_')[0] === bare)
  const language = near ?? languages[0] ?? 'en'
  return { case: 'template' as const, value: { name, language, parameters: [wording.code] } }
}

/**
 * What handing over took lately. A decoy lets one of these times pass, so that its answer does not come sooner than another's:
 * that would tell who has an account.
 */
function createRecentTimes() {
  const recent: number[] = []
  let next = 0
  return {
    note(ms: number): void {
      recent[next] = ms
      next = (next + 1) % MOST_TIMES
    },
    async passOne(): Promise<void> {
      const ms = recent.length === 0 ? FIRST_TIME_MS : recent[randomInt(recent.length)]
      await setTimeout(ms)
    },
  }
}

const MOST_TIMES = 256
const FIRST_TIME_MS = 5

type Content = Pick<MessageInitShape<typeof SendNotificationRequestSchema>, 'to' | 'content'>

function contentOf(channel: OtpChannel, address: string, wording: Wording, rules: KindRow): Content {
  switch (channel) {
    case OtpChannel.EMAIL:
      return {
        to: { target: { case: 'email', value: address } },
        content: { case: 'email', value: emailWords(wording) },
      }
    case OtpChannel.WHATSAPP:
      return {
        to: { target: { case: 'phone', value: address } },
        content: { case: 'whatsapp', value: { content: whatsappContent(wording, rules) } },
      }
    default:
      return {
        to: { target: { case: 'phone', value: address } },
        content: { case: 'sms', value: { text: smsText(wording) } },
      }
  }
}
