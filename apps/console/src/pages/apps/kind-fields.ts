import { durationFromMs } from '@bufbuild/protobuf/wkt'
import { OtpChannel } from '@mainstay/proto/identity/v1'
import { Clients, type Kind } from '@mainstay/proto/identity/v1/clients'
import { serviceOf } from '../../api/mainstay.ts'
import { toDurationMs } from '../../format/duration.ts'

/** A kind as its form holds it. */
export interface KindFields {
  kind: string
  displayName: string
  senderName: string
  inviteOnly: boolean
  emailRefused: boolean
  /** One of `CHANNEL_CHOICES`. */
  channels: string
  accessMinutes: number
  idleDays: number
  sessionDays: number
}

/** The first goes out by itself; the other where the person asks. */
export const CHANNEL_CHOICES = [
  { value: '1', label: 'SMS', channels: [OtpChannel.SMS] },
  { value: '1,2', label: 'SMS, WhatsApp if asked', channels: [OtpChannel.SMS, OtpChannel.WHATSAPP] },
  { value: '2,1', label: 'WhatsApp, SMS if asked', channels: [OtpChannel.WHATSAPP, OtpChannel.SMS] },
  { value: '2', label: 'WhatsApp', channels: [OtpChannel.WHATSAPP] },
] as const

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

export function readKind(kind: Kind | undefined): KindFields {
  const days = (ms: number) => Math.round((ms / DAY_MS) * 100) / 100
  return {
    kind: kind?.kind ?? '',
    displayName: kind?.displayName ?? '',
    senderName: kind?.senderName ?? '',
    inviteOnly: kind?.inviteOnly ?? false,
    emailRefused: kind?.emailRefused ?? false,
    channels: kind?.phoneChannels.join(',') || '1',
    accessMinutes: Math.round((toDurationMs(kind?.accessTokenTtl) ?? 10 * MINUTE_MS) / MINUTE_MS),
    idleDays: days(toDurationMs(kind?.sessionIdleTtl) ?? 30 * DAY_MS),
    sessionDays: days(toDurationMs(kind?.sessionTtl) ?? 365 * DAY_MS),
  }
}

export function saveKind(fields: KindFields): Promise<Kind> {
  const { kind, inviteOnly, emailRefused } = fields
  const choice = CHANNEL_CHOICES.find(({ value }) => value === fields.channels) ?? CHANNEL_CHOICES[0]
  return serviceOf(Clients).updateKind({
    kind: {
      ...{ kind, inviteOnly, emailRefused },
      displayName: fields.displayName.trim(),
      senderName: fields.senderName.trim(),
      phoneChannels: [...choice.channels],
      accessTokenTtl: durationFromMs(fields.accessMinutes * MINUTE_MS),
      sessionIdleTtl: durationFromMs(Math.round(fields.idleDays * DAY_MS)),
      sessionTtl: durationFromMs(Math.round(fields.sessionDays * DAY_MS)),
    },
  })
}
