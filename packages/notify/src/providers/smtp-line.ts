import net from 'node:net'
import { Readable } from 'node:stream'
import SMTPConnection, { type SMTPError } from 'nodemailer/lib/smtp-connection'
import { onAbort } from './abort.ts'
import type { MailMessage } from './mail-message.ts'
import { boundReply, type SmtpFailure, type SmtpPhase, toFailure } from './smtp-outcome.ts'

export interface SmtpLineOptions {
  host: string
  port: number
  /** `starttls` must switch to TLS or fail (RFC 3207 §6 asks for this against stripping); `none` never encrypts. */
  security: 'starttls' | 'tls' | 'none'
  /** Empty: no sign-in. */
  username: string
  password: string
  /** Trusted certificates in PEM besides the system's. */
  ca?: string
  /** For everything up to a line that is ready: lookup, TCP, TLS, greeting, sign-in. */
  connectTimeoutMs: number
  /** For one mail, from MAIL to the answer to its final dot. */
  sendTimeoutMs: number
}

export type SmtpAnswer =
  | { ok: true; reply: string; serverMessageId?: string }
  | { ok: false; failure: SmtpFailure }

/** One SMTP connection that has greeted, encrypted and signed in. One mail at a time. */
export interface SmtpLine {
  /** How many mails it was asked to carry. */
  readonly used: number
  /** False once it is closed, or in a state that no next mail should meet. */
  readonly usable: boolean
  send(mail: MailMessage, signal: AbortSignal): Promise<SmtpAnswer>
  /** Called when the server or the network ends it while it is idle. */
  onEnd: (() => void) | undefined
  /** Says QUIT and closes. */
  close(): void
}

/** Resolves with a line that is ready for mail, or says how far it came. Never rejects. */
export async function openSmtpLine(options: SmtpLineOptions): Promise<SmtpLine | { failure: SmtpFailure }> {
  const deadline = Date.now() + options.connectTimeoutMs
  const socket = await openSocket(options)
  if ('failure' in socket) return socket
  const connection = new SMTPConnection({
    host: options.host,
    port: options.port,
    connection: socket,
    secure: options.security === 'tls',
    requireTLS: options.security === 'starttls',
    ignoreTLS: options.security === 'none',
    connectionTimeout: Math.max(deadline - Date.now(), 1),
    greetingTimeout: Math.max(deadline - Date.now(), 1),
    socketTimeout: options.sendTimeoutMs,
    socketCloseTimeout: 1000,
    maxResponseSize: 64 * 1024,
    tls: {
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    },
  })
  const failure = await setUp(connection, options, Math.max(deadline - Date.now(), 1))
  return failure === undefined ? toLine(connection, options) : { failure }
}

/** Opened here and not by nodemailer, so that names resolve as they do everywhere else on this machine. */
function openSocket({
  host,
  port,
  connectTimeoutMs,
}: SmtpLineOptions): Promise<net.Socket | { failure: SmtpFailure }> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, noDelay: true })
    const fail = (error: SMTPError): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ failure: toFailure(error, 'connecting') })
    }
    const timer = setTimeout(
      () => fail(Object.assign(new Error('No connection'), { code: 'ETIMEDOUT' })),
      connectTimeoutMs,
    )
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

function setUp(
  connection: SMTPConnection,
  options: SmtpLineOptions,
  timeoutMs: number,
): Promise<SmtpFailure | undefined> {
  return new Promise((resolve) => {
    let phase: SmtpPhase = 'connecting'
    const settle = (failure?: SmtpFailure): void => {
      clearTimeout(timer)
      connection.removeAllListeners('error')
      connection.removeAllListeners('end')
      connection.on('error', ignoreLate)
      if (failure !== undefined) connection.close()
      resolve(failure)
    }
    const fail = (error: SMTPError): void => settle(toFailure(error, phase))
    const timer = setTimeout(
      () => fail(Object.assign(new Error('No answer'), { code: 'ETIMEDOUT' })),
      timeoutMs,
    )
    connection.on('error', fail)
    connection.on('end', () => fail(new Error('The connection was closed')))
    connection.connect((error) => {
      if (error) return fail(error)
      if (options.username === '') return settle()
      phase = 'signing_in'
      connection.login({ user: options.username, pass: options.password }, (refused) =>
        refused ? fail(refused) : settle(),
      )
    })
  })
}

/** The first error of a connection settles what waits on it; the ones that follow from closing it tell nothing. */
function ignoreLate(): void {}

function toLine(connection: SMTPConnection, options: SmtpLineOptions): SmtpLine {
  let usable = true
  let used = 0
  let sending = false
  const line: SmtpLine = {
    onEnd: undefined,
    get used() {
      return used
    },
    get usable() {
      return usable
    },
    async send(mail, signal) {
      used++
      sending = true
      const { answer, clean } = await sendOne(connection, mail, signal, options.sendTimeoutMs)
      sending = false
      if (!clean || !(answer.ok || (await reset(connection)))) line.close()
      return answer
    },
    close() {
      if (!usable) return
      usable = false
      if (connection.destroyed || sending) connection.close()
      else connection.quit()
    },
  }
  connection.on('end', () => {
    usable = false
    if (!sending) line.onEnd?.()
  })
  return line
}

/** `clean`: the dialogue is where both sides know it to be, so that the connection may carry another mail. */
function sendOne(
  connection: SMTPConnection,
  mail: MailMessage,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<{ answer: SmtpAnswer; clean: boolean }> {
  return new Promise((resolve) => {
    let phase: SmtpPhase = 'handing_over'
    const body = toStream(mail.content)
    // `pipe` writes the final dot after this event, in its own listener, which comes later.
    body.once('end', () => {
      phase = 'handed_over'
    })
    let settled = false
    let leave = (): void => {}
    const settle = (answer: SmtpAnswer, clean: boolean): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      leave()
      resolve({ answer, clean })
    }
    const cut = (trouble: string): void => {
      settle({ ok: false, failure: { phase, trouble } }, false)
      connection.close()
    }
    const timer = setTimeout(() => cut(`No answer within ${timeoutMs} ms`), timeoutMs)
    leave = onAbort(signal, () => cut('The worker gave up waiting'))
    if (settled) return
    connection.send({ from: mail.from, to: mail.to, size: mail.content.length }, body, (error, info) => {
      if (error) {
        const failure = toFailure(error, phase)
        // A refusal in the middle of the body leaves the server reading lines of mail as commands.
        const isAnswered = failure.reply !== undefined && !failure.reply.startsWith('421')
        settle(
          { ok: false, failure },
          isAnswered && (phase === 'handed_over' || body.readableFlowing === null),
        )
      } else if (phase === 'handed_over') {
        settle({ ok: true, reply: boundReply(info.response), ...idOf(info.serverMessageId) }, true)
      } else {
        // "Taken" before the end was sent answers nothing that was asked.
        settle(
          { ok: false, failure: { phase: 'handed_over', trouble: 'The server answered out of turn' } },
          false,
        )
      }
    })
  })
}

const CHUNK_BYTES = 64 * 1024

/** In pieces, so that the final dot is not produced before the network has taken most of a large mail. */
function toStream(content: Buffer): Readable {
  let at = 0
  return new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      this.push(at < content.length ? content.subarray(at, at + CHUNK_BYTES) : null)
      at += CHUNK_BYTES
    },
  })
}

function idOf(serverMessageId: string | undefined): { serverMessageId?: string } {
  return serverMessageId === undefined ? {} : { serverMessageId }
}

/** The refusal is known already and waits for this: a server that dawdles loses the line instead. */
const RESET_TIMEOUT_MS = 2000

/** Ends a transaction that was refused half way; false when the server does not go along. */
function reset(connection: SMTPConnection): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (ok: boolean): void => {
      clearTimeout(timer)
      connection.off('end', fail)
      resolve(ok)
    }
    const fail = (): void => settle(false)
    const timer = setTimeout(fail, RESET_TIMEOUT_MS)
    connection.once('end', fail)
    connection.reset((error) => settle(!error))
  })
}
