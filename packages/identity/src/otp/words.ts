import { OtpChannel } from '@mainstay/proto/identity/v1'
import { LONG_LENGTH } from './codes.ts'

/** What a message with a code is made from. */
export interface Wording {
  code: string
  senderName: string
  locale: string
  /** Empty, or the site whose forms fill the code in. */
  webOtpDomain: string
  /** Empty, or by what Android knows the app. */
  smsRetrieverHash: string
}

interface Phrases {
  subject(sender: string): string
  line(sender: string, code: string): string
  warning: string
}

const ENGLISH: Phrases = {
  subject: (sender) => `Your ${sender} code`,
  line: (sender, code) => `${code} is your ${sender} code.`,
  warning: 'Do not give it to anyone, not even to us.',
}

/** The sentence, and never more than the code's owner must know. */
const PHRASES: Record<string, Phrases> = {
  en: ENGLISH,
  de: {
    subject: (sender) => `Dein Code für ${sender}`,
    line: (sender, code) => `${code} ist dein Code für ${sender}.`,
    warning: 'Gib ihn niemandem, auch uns nicht.',
  },
  fr: {
    subject: (sender) => `Votre code ${sender}`,
    line: (sender, code) => `${code} est votre code ${sender}.`,
    warning: 'Ne le donnez à personne, pas même à nous.',
  },
  es: {
    subject: (sender) => `Tu código de ${sender}`,
    line: (sender, code) => `${code} es tu código de ${sender}.`,
    warning: 'No se lo des a nadie, ni siquiera a nosotros.',
  },
  pt: {
    subject: (sender) => `Seu código ${sender}`,
    line: (sender, code) => `${code} é o seu código ${sender}.`,
    warning: 'Não o passe a ninguém, nem a nós.',
  },
  hi: {
    subject: (sender) => `आपका ${sender} कोड`,
    line: (sender, code) => `${code} आपका ${sender} कोड है।`,
    warning: 'इसे किसी को न दें, हमें भी नहीं।',
  },
}

function phrasesOf(locale: string): Phrases {
  return PHRASES[locale.toLowerCase().split('-')[0] ?? ''] ?? ENGLISH
}

/**
 * A text message with a code. What programs read stands last: the app's hash (Android's SMS Retriever wants it at the end), or
 * `@domain #code` (the origin-bound one-time codes of WICG's sms-one-time-codes, which iOS and Android fill in); an app has one
 * of the two.
 */
export function smsText(wording: Wording): string {
  const { code, webOtpDomain, smsRetrieverHash } = wording
  const { line, warning } = phrasesOf(wording.locale)
  const sentence = `${line(wording.senderName, readable(code))} ${warning}`
  if (smsRetrieverHash !== '') return `${sentence}\n${smsRetrieverHash}`
  if (webOtpDomain !== '') return `${sentence}\n\n@${webOtpDomain} #${code}`
  return sentence
}

export function whatsappText({ code, senderName, locale }: Wording): string {
  const { line, warning } = phrasesOf(locale)
  return `${line(senderName, readable(code))} ${warning}`
}

export function emailWords({ code, senderName, locale }: Wording): { subject: string; text: string } {
  const { subject, line, warning } = phrasesOf(locale)
  return { subject: subject(senderName), text: `${line(senderName, readable(code))}\n\n${warning}\n` }
}

/** A long code in two halves, which people copy with fewer mistakes; reading takes the dash away again. */
function readable(code: string): string {
  return code.length === LONG_LENGTH ? `${code.slice(0, 5)}-${code.slice(5)}` : code
}

/** How a channel is called in the `amr` of a session (RFC 8176 §2, and `email`, which that lacks). */
export function methodOf(channel: OtpChannel): string[] {
  return ['otp', channel === OtpChannel.EMAIL ? 'email' : 'sms']
}
