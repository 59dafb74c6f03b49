import type { ProviderAdapter, ProviderClient } from './adapter.ts'
import { type AnswerRules, jsonObject, judgeExchange, textOf } from './http-outcome.ts'
import { createHttpSender, type HttpSenderOptions } from './http-sender.ts'
import { type Outgoing, PROVIDER_CHANNELS } from './outgoing.ts'

/** Where to post and how to be known. */
export interface HttpConfig {
  url: string
  /** Empty: no Authorization header. */
  bearerToken: string
}

/** For as long as a message is tried at all: endpoints are asked to remember ids for 30 days. */
const DAY_MS = 86_400_000

const rules: AnswerRules = { readId: (answer) => textOf(jsonObject(answer)?.id) }

/**
 * Posts each message as JSON to an endpoint of the operator's own. The message id travels as `Idempotency-Key`, so that a
 * call whose answer was lost may be repeated.
 */
export function createHttpAdapter(options: HttpSenderOptions): ProviderAdapter<HttpConfig> {
  return {
    kind: 'http',
    channels: PROVIDER_CHANNELS,
    semantics: {
      idempotencyWindowMs: 30 * DAY_MS,
      lookup: false,
      reports: false,
      priceUnit: 'free',
      messagesPerSecond: 0,
      sandbox: false,
    },
    connect: (config) => connect(config, options),
  }
}

function connect(config: HttpConfig, options: HttpSenderOptions): ProviderClient {
  const sender = createHttpSender(options)
  const authorization: Record<string, string> =
    config.bearerToken === '' ? {} : { authorization: `Bearer ${config.bearerToken}` }
  const common = { 'content-type': 'application/json', 'user-agent': 'Mainstay', ...authorization }

  return {
    async send(message, signal) {
      const { messageId, traceparent } = message
      const trace = traceparent === undefined ? {} : { traceparent }
      const headers = { ...common, 'idempotency-key': messageId, ...trace }
      const request = { method: 'POST', url: config.url, headers, body: toJson(message) } as const
      return judgeExchange(await sender.send(request, signal), Date.now(), rules)
    },
    async verify() {
      const request = { method: 'OPTIONS', url: config.url, headers: authorization } as const
      const exchange = await sender.send(request, AbortSignal.timeout(options.sendTimeoutMs))
      if (exchange.case !== 'answer') return { ok: false, detail: exchange.reply }
      const { status } = exchange.answer
      const ok = status !== 401 && status !== 403 && (status < 500 || status === 501)
      return { ok, detail: `The endpoint answers: HTTP ${status} to OPTIONS.` }
    },
    close: () => sender.close(),
  }
}

/** The JSON that endpoints get; documented in docs/guides/email.md. */
function toJson(message: Outgoing): string {
  const {
    projectId: _project,
    traceparent: _trace,
    reportUrl: _report,
    class: messageClass,
    ...rest
  } = message
  if (rest.channel !== 'email' || rest.attachments === undefined)
    return JSON.stringify({ ...rest, messageClass })
  const attachments = rest.attachments.map((file) => ({ ...file, content: file.content.toString('base64') }))
  return JSON.stringify({ ...rest, attachments, messageClass })
}
