import type { SMTPError } from 'nodemailer/lib/smtp-connection'
import type { ProviderResult } from './adapter.ts'

/**
 * How far the dialogue had come when it failed. Only `handed_over` leaves room for doubt: until the final dot is
 * written, a server cannot have taken the message (RFC 5321 §4.1.1.4).
 */
export type SmtpPhase =
  /** Name lookup, TCP, TLS, greeting, EHLO, STARTTLS. */
  | 'connecting'
  /** AUTH. */
  | 'signing_in'
  /** MAIL, RCPT, DATA, and the body before its final dot. */
  | 'handing_over'
  /** The final dot was given to the socket. */
  | 'handed_over'

/** Why a line could not be opened or a mail not be sent. */
export interface SmtpFailure {
  phase: SmtpPhase
  /** The server's reply as it came, `550 5.1.1 No such user`. Undefined: there was none. */
  reply?: string
  /** What happened instead of a reply, as a sentence. */
  trouble: string
  /** The trouble is no passing one: the name does not exist, the certificate is not trusted. */
  misconfigured?: boolean
}

/**
 * What a failure means for the message.
 *
 * | phase | reply 4xx | reply 5xx | no reply, or none that makes sense |
 * | --- | --- | --- | --- |
 * | connecting, signing in | transient | transient, account at fault | transient |
 * | handing over | transient | permanent | transient |
 * | handed over | transient | permanent | **unknown** |
 *
 * Two 5xx replies are not about the message: 530, 534, 535 and 538 ask for a sign-in (RFC 4954 §6), and 503 says
 * that the session is out of step, so that a new one may work.
 */
export function toResult(failure: SmtpFailure): ProviderResult {
  const reply = boundReply(failure.reply ?? failure.trouble)
  const code = replyCode(failure.reply)
  if (failure.phase === 'connecting' || failure.phase === 'signing_in') {
    const accountFault = (code !== undefined && code >= 500) || failure.misconfigured === true
    return { outcome: 'rejected_transient', reply, ...(accountFault ? { accountFault } : {}) }
  }
  if (code === undefined) {
    return failure.phase === 'handed_over'
      ? { outcome: 'unknown', reply }
      : { outcome: 'rejected_transient', reply }
  }
  if (SIGN_IN_CODES.has(code)) return { outcome: 'rejected_transient', reply, accountFault: true }
  if (code < 500 || code === 503) return { outcome: 'rejected_transient', reply }
  return { outcome: 'rejected_permanent', reply }
}

/** Reads nodemailer's error. Its `responseCode` is not used: it is set for replies of any class, `354` among them. */
export function toFailure(error: SMTPError, phase: SmtpPhase): SmtpFailure {
  const code = error.originalCode ?? error.code ?? ''
  const reply = refusalOf(error)
  const misconfigured = isMisconfiguration(error.message, code)
  return {
    phase,
    trouble: describeTrouble(error, phase, code),
    ...(reply === undefined ? {} : { reply }),
    ...(misconfigured ? { misconfigured } : {}),
  }
}

/** A mail larger than the server's SIZE (RFC 1870 §6.1) is not even offered: the answer would be this one. */
function refusalOf({ code, message, response }: SMTPError): string | undefined {
  if (response === undefined) return code === 'EMESSAGE' ? `552 ${message}` : undefined
  return replyCode(response) === undefined ? undefined : response
}

/** The code of a reply that refuses: 400 to 599. Anything else is no answer to "did you take it?". */
function replyCode(reply: string | undefined): number | undefined {
  const match = /^([45]\d\d)(?:[ -]|$)/.exec(reply ?? '')
  return match === null ? undefined : Number(match[1])
}

const SIGN_IN_CODES = new Set([530, 534, 535, 538])

/** Refused connections, unknown names, and certificates do not mend themselves within a retry or two. */
function isMisconfiguration(message: string, code: string): boolean {
  if (/^(ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EDNS|EAUTH|ENOAUTH)$/.test(code)) return true
  if (/^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_INVALID_)/.test(code)) return true
  return code === 'ETLS' || /self[- ]signed|certificate|STARTTLS/i.test(message)
}

const WHERE: Readonly<Record<SmtpPhase, string>> = {
  connecting: 'while connecting',
  signing_in: 'while signing in',
  handing_over: 'before the message was handed over',
  handed_over: 'after the message was handed over and before the server answered',
}

function describeTrouble(error: SMTPError, phase: SmtpPhase, code: string): string {
  const what = /^(ETIMEDOUT)$/.test(code)
    ? 'The server did not answer in time'
    : error.message.split('\n', 1)[0]
  const detail = code !== '' && !what?.includes(code) ? ` (${code})` : ''
  return `${what} ${WHERE[phase]}${detail}`
}

/** Replies are stored and shown; a server may send a megabyte. */
export function boundReply(text: string): string {
  const line = text.replace(/\s*\r?\n\s*/g, ' ').trim()
  return line.length > 500 ? `${line.slice(0, 499)}…` : line
}
