import type { FieldViolation } from '@mainstay/kernel'
import type { Recipient } from '@mainstay/proto/notify/v1'
import type { Endpoint } from '@mainstay/proto/notify/v1/endpoints'
import { normaliseAddress } from '../providers/mailboxes.ts'
import { channelNumber } from '../providers/outgoing.ts'
import { toPhoneNumber } from '../providers/phone-numbers.ts'
import { canonicalLocale } from '../templates/locales.ts'
import type { DevicePlatformName, NewEndpoint } from './endpoint-store.ts'
import type { NewRecipient } from './store.ts'
import type { Timezones } from './timezones.ts'

/** What an endpoint's fields say, in the form that is stored. */
export type ReadEndpoint = Pick<NewEndpoint, 'channel' | 'address' | 'platform' | 'verified'>

export interface ReadRecipient {
  row: NewRecipient
  endpoints: ReadEndpoint[]
}

const MOST_ATTRIBUTE_BYTES = 16_384
const DEEPEST_ATTRIBUTES = 8

/**
 * A recipient in the form that is stored, or all that is wrong with it, by paths within it. What the contract's own rules
 * refuse has been refused before.
 */
export async function readRecipient(
  recipient: Recipient,
  timezones: Timezones,
): Promise<ReadRecipient | FieldViolation[]> {
  const violations: FieldViolation[] = []
  /** Null when it is not set; what is set and wrong is noted. */
  const read = <T>(field: string, text: string, parsed: T | undefined, description: string): T | null => {
    if (text === '') return null
    if (parsed === undefined) violations.push({ field, description })
    return parsed ?? null
  }
  const { email, phone, locale, timezone } = recipient
  const attributes = JSON.stringify(recipient.attributes ?? {})
  const row: NewRecipient = {
    recipient_id: recipient.recipientId,
    email: read('email', email, normaliseAddress(email), NO_EMAIL),
    display_name: recipient.displayName || null,
    phone: read('phone', phone, toPhoneNumber(phone), NO_PHONE),
    locale: read('locale', locale, canonicalLocale(locale), 'must be a BCP 47 tag, for example pt-BR'),
    timezone: read(
      'timezone',
      timezone,
      timezone === '' ? undefined : await timezones.find(timezone),
      'must be a name of the IANA time zone database, for example Europe/Berlin',
    ),
    attributes,
  }
  if (Buffer.byteLength(attributes) > MOST_ATTRIBUTE_BYTES) {
    violations.push({
      field: 'attributes',
      description: `must be at most ${MOST_ATTRIBUTE_BYTES} bytes of JSON`,
    })
  }
  violations.push(...strangeAttributes(recipient.attributes ?? {}, 'attributes', DEEPEST_ATTRIBUTES))
  const endpoints = recipient.endpoints.flatMap((endpoint, index) => {
    const found = readEndpoint(endpoint)
    if (!Array.isArray(found)) return [found]
    violations.push(...found.map((one) => ({ ...one, field: `endpoints[${index}].${one.field}` })))
    return []
  })
  return violations.length > 0 ? violations : { row, endpoints }
}

const NO_EMAIL = 'must be an address that mail servers take: plain letters before the @, and a real host'
const NO_PHONE = 'must be a phone number with its country code, for example +49 170 1234567'

/** What the database could not keep as it is: texts that are no Unicode, and numbers that are none. */
function strangeAttributes(value: unknown, field: string, deepest: number): FieldViolation[] {
  if (typeof value === 'string') {
    return value.isWellFormed()
      ? []
      : [{ field, description: 'must be Unicode text: it holds half a character' }]
  }
  if (typeof value === 'number') {
    return Number.isFinite(value) ? [] : [{ field, description: 'must be a finite number' }]
  }
  if (typeof value !== 'object' || value === null) return []
  if (deepest === 0) return [{ field, description: `must be nested at most ${DEEPEST_ATTRIBUTES} deep` }]
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => strangeAttributes(item, `${field}[${index}]`, deepest - 1))
  }
  return Object.entries(value).flatMap(([key, item]) =>
    key.isWellFormed()
      ? strangeAttributes(item, `${field}.${key}`, deepest - 1)
      : [{ field, description: 'must have Unicode keys: one holds half a character' }],
  )
}

/** An endpoint in the form that is stored, or what is wrong with it. */
export function readEndpoint({ address, platform, verified }: Endpoint): ReadEndpoint | FieldViolation[] {
  const device = PLATFORMS[platform] ?? null
  if ((device !== null) !== (address.case === 'deviceToken')) {
    const description =
      device === null
        ? 'must say what the device is: DEVICE_PLATFORM_IOS, DEVICE_PLATFORM_ANDROID or DEVICE_PLATFORM_WEB'
        : 'must be left out: only a device token has one'
    return [{ field: 'platform', description }]
  }
  const made = { platform: device, verified }
  switch (address.case) {
    case 'email': {
      const email = normaliseAddress(address.value)
      if (email === undefined) return [{ field: 'email', description: NO_EMAIL }]
      return { ...made, channel: channelNumber('email'), address: email }
    }
    case 'phone': {
      const phone = toPhoneNumber(address.value)
      if (phone === undefined) return [{ field: 'phone', description: NO_PHONE }]
      return { ...made, channel: channelNumber('sms'), address: phone }
    }
    case 'deviceToken':
      return { ...made, channel: channelNumber('push'), address: address.value }
    case 'chat':
      return { ...made, channel: channelNumber('chat'), address: address.value }
    default:
      return [{ field: 'address', description: 'must be set: an email, phone, deviceToken or chat' }]
  }
}

/** By DevicePlatform of the contract. */
const PLATFORMS: readonly (DevicePlatformName | undefined)[] = [undefined, 'ios', 'android', 'web']

/** A platform's number in the contract; 0: no device. */
export function platformNumber(name: DevicePlatformName | null): number {
  return name === null ? 0 : PLATFORMS.indexOf(name)
}
