import type { CountryCode, PhoneNumber } from 'libphonenumber-js/min'
import { phoneLibrary } from './phone-library.ts'

/**
 * Whether the text is a phone number in E.164: `+`, a country calling code that is given out, and as many digits as numbers
 * have there. Whether the exact number is given out is for providers to say: numbering plans change faster than this
 * program is updated, and a person whose number were refused here would never be told anything.
 */
export function isPhoneNumber(text: string): boolean {
  return parse(text)?.isPossible() ?? false
}

/**
 * A number in E.164 of one that is written for people, with its country code: `+49 170 / 123 45-67`, `+49 (0)170 1234567`.
 * Undefined when it is none, or has an extension, which no message reaches.
 */
export function toPhoneNumber(text: string): string | undefined {
  if (!/^\+[0-9 ()./-]{6,39}$/.test(text)) return
  const parsed = phoneLibrary().parsePhoneNumberFromString(text)
  return parsed !== undefined && isPhoneNumber(parsed.number) ? parsed.number : undefined
}

/**
 * The country of a number in E.164, as ISO 3166-1 alpha-2: what routes and prices go by. Where a calling code is shared, as
 * +1 and +44 are, the number's own digits decide, and the code's main country when they do not. Undefined for numbers of no
 * country, such as satellite phones.
 */
export function countryOf(phoneNumber: string): CountryCode | undefined {
  const parsed = parse(phoneNumber)
  return parsed?.country ?? parsed?.getPossibleCountries()[0]
}

/**
 * Whether the text can stand as the sender of an SMS: a number in E.164, a short code (3 to 8 digits), or a sender id of 1 to
 * 11 letters, digits, spaces and `& + - _` (3GPP TS 23.040 §9.1.2.5 gives it 11 places) with at least one letter.
 */
export function isSmsSender(text: string): boolean {
  return isPhoneNumber(text) || /^\d{3,8}$/.test(text) || isSenderId(text)
}

function isSenderId(text: string): boolean {
  return /^(?! )(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}(?<! )$/.test(text)
}

/** The number without its `+`, as some providers want it. */
export function withoutPlus(phoneNumber: string): string {
  return phoneNumber.startsWith('+') ? phoneNumber.slice(1) : phoneNumber
}

/** The same number in E.164, of a provider that leaves out the `+`; a sender id stays as it is. */
export function withPlus(digits: string): string {
  return /^[1-9]\d{6,14}$/.test(digits) ? `+${digits}` : digits
}

function parse(text: string): PhoneNumber | undefined {
  return /^\+[1-9]\d{6,14}$/.test(text) ? phoneLibrary().parsePhoneNumberFromString(text) : undefined
}
