import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Logger } from '@mainstay/kernel'
import {
  SMTPServer,
  type SMTPServerAuthentication,
  type SMTPServerOptions,
  type SMTPServerSession,
} from 'smtp-server'
import type { Intake } from './intake.ts'
import { type MailOrigin, parseMail } from './parse-mail.ts'

/** How a worker signs in to the mailbox of its own process. */
export interface MailboxEndpoint {
  host: string
  port: number
  username: string
  password: string
}

/** The sandbox: a real SMTP server inside the process that keeps what it gets. */
export interface Mailbox {
  /** Where a project's mail goes. Starts listening at first use, on 127.0.0.1 at a port of the system's choice. */
  endpointFor(projectId: string): Promise<MailboxEndpoint>
  /**
   * Listens on a fixed port as well, for programs that send mail by themselves: any user name, and an API key as the
   * password. Throws a sentence when the port is taken. Resolves with the port.
   */
  listenForOthers(port: number, signIn: SignIn): Promise<number>
  /** Lets mails under way end, then closes every listener. */
  close(): Promise<void>
}

/** The project that a password (an API key) belongs to, or undefined. */
export type SignIn = (password: string) => Promise<string | undefined>

const HOST = '127.0.0.1'
const MAX_MAIL_BYTES = 40 * 1024 * 1024

export function createMailbox(deps: { intake: Intake; logger: Pick<Logger, 'warn'> }): Mailbox {
  // Of this process only: another program on this machine cannot bring mail in a project's name.
  const secret = randomBytes(32)
  const passwordOf = (projectId: string): string =>
    createHmac('sha256', secret).update(projectId).digest('hex')
  const servers: SMTPServer[] = []
  let own: Promise<number> | undefined

  async function listen(port: number, signIn: SignInSession): Promise<number> {
    const server = new SMTPServer(serverOptions(deps, signIn))
    server.on('error', (err) =>
      deps.logger.warn({ err }, 'the sandbox mailbox had trouble with a connection'),
    )
    servers.push(server)
    const listener = server.listen(port, HOST)
    await once(listener, 'listening')
    return (listener.address() as AddressInfo).port
  }

  const signInWorker: SignInSession = async (username, password) => {
    const expected = Buffer.from(passwordOf(username))
    const given = Buffer.from(password)
    const matches = given.length === expected.length && timingSafeEqual(given, expected)
    return matches ? { projectId: username, isWorker: true } : undefined
  }

  return {
    async endpointFor(projectId) {
      own ??= listen(0, signInWorker).catch((error: unknown) => {
        own = undefined
        throw error
      })
      return { host: HOST, port: await own, username: projectId, password: passwordOf(projectId) }
    },
    async listenForOthers(port, signIn) {
      try {
        return await listen(port, async (_, password) => {
          const projectId = await signIn(password)
          return projectId === undefined ? undefined : { projectId, isWorker: false }
        })
      } catch (cause) {
        throw new Error(`NOTIFY_MAILBOX_PORT: port ${port} of ${HOST} cannot be listened on`, { cause })
      }
    },
    async close() {
      await Promise.all(servers.splice(0).map((server) => new Promise<void>((done) => server.close(done))))
      await deps.intake.idle()
    },
  }
}

type SessionUser = Omit<MailOrigin, 'to'>
type SignInSession = (username: string, password: string) => Promise<SessionUser | undefined>

function serverOptions(
  deps: { intake: Intake; logger: Pick<Logger, 'warn'> },
  signIn: SignInSession,
): SMTPServerOptions {
  return {
    name: 'mainstay-sandbox',
    banner: 'Mainstay sandbox mailbox',
    size: MAX_MAIL_BYTES,
    // The loopback interface needs no TLS, and everybody who may come in knows a password.
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    authMethods: ['PLAIN', 'LOGIN'],
    disableReverseLookup: true,
    maxClients: 100,
    socketTimeout: 60_000,
    closeTimeout: 1000,
    onAuth(auth, _, callback) {
      authenticate(auth, signIn).then(
        (user) => callback(null, user === undefined ? {} : { user }),
        (err: unknown) => {
          deps.logger.warn({ err }, 'a sign-in to the sandbox mailbox could not be checked')
          callback(refusal(454, '4.7.0 The sign-in could not be checked. Try again.'))
        },
      )
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => {
        if (!stream.sizeExceeded) chunks.push(chunk)
      })
      stream.on('end', () => {
        if (stream.sizeExceeded) return callback(refusal(552, `5.3.4 More than ${MAX_MAIL_BYTES} bytes`))
        take(Buffer.concat(chunks), session, deps.intake).then(
          (mailId) => callback(null, `2.0.0 Stored as ${mailId}`),
          (err: unknown) => {
            deps.logger.warn({ err }, 'a mail to the sandbox mailbox could not be stored')
            callback(refusal(451, '4.3.0 It could not be stored. Try again.'))
          },
        )
      })
    },
  }
}

async function authenticate(
  auth: SMTPServerAuthentication,
  signIn: SignInSession,
): Promise<SessionUser | undefined> {
  return auth.username && auth.password ? signIn(auth.username, auth.password) : undefined
}

async function take(content: Buffer, session: SMTPServerSession, intake: Intake): Promise<string> {
  const user = session.user as SessionUser
  const to = session.envelope.rcptTo.map(({ address }) => address)
  return intake.store(await parseMail(content, { ...user, to }))
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}
