import { defineSettings, type SettingsOf } from '@mainstay/kernel'

/** The limits that every request meets before its handler. */
export const rpcSettings = defineSettings('rpc', {
  maxBodyBytes: {
    env: 'HTTP_MAX_BODY_BYTES',
    type: 'bytes',
    default: 4 * 1024 * 1024,
    min: 1024,
    max: 1024 * 1024 * 1024,
    doc: 'The largest request body, after decompression, over every protocol. Larger ones are refused with rpc.body_too_large.',
  },
  maxHeaderBytes: {
    env: 'HTTP_MAX_HEADER_BYTES',
    type: 'bytes',
    default: 16 * 1024,
    min: 1024,
    max: 1024 * 1024,
    doc: 'The largest request line and headers together. Larger ones are refused with rpc.header_too_large.',
  },
  maxUrlBytes: {
    env: 'HTTP_MAX_URL_BYTES',
    type: 'bytes',
    default: 8 * 1024,
    min: 256,
    max: 1024 * 1024,
    doc: 'The longest path and query. Longer ones are refused with rpc.url_too_long. Bounded by HTTP_MAX_HEADER_BYTES too.',
  },
  maxJsonDepth: {
    env: 'HTTP_MAX_JSON_DEPTH',
    type: 'integer',
    default: 64,
    min: 8,
    max: 1000,
    doc: 'How deep objects and lists of a JSON body may nest. Deeper ones are refused with rpc.body_too_deep.',
  },
  trustedProxies: {
    env: 'HTTP_TRUSTED_PROXIES',
    type: 'integer',
    default: 0,
    min: 0,
    max: 10,
    doc: 'How many proxies of yours stand between callers and this server. The caller’s address, which limits go by, is taken from as many entries of X-Forwarded-For, from the right; callers can write anything into the others. Behind one nginx or load balancer: 1.',
  },
  requestTimeoutMs: {
    env: 'HTTP_REQUEST_TIMEOUT_MS',
    type: 'duration_ms',
    default: 30_000,
    min: 100,
    max: 600_000,
    doc: 'How long one call may take, streams excepted. A caller may ask for less. Answered with rpc.deadline_exceeded.',
  },
  slowClientTimeoutMs: {
    env: 'HTTP_SLOW_CLIENT_TIMEOUT_MS',
    type: 'duration_ms',
    default: 15_000,
    min: 100,
    max: 600_000,
    doc: 'How long a client may take to send its headers, and then its body. Slower ones are cut off with rpc.request_timeout.',
  },
  browserOrigins: {
    env: 'HTTP_BROWSER_ORIGINS',
    type: 'string',
    default: '',
    max: 8000,
    doc: 'Origins of your apps whose pages may open their recipients’ inboxes with tokens of CreateInboxToken, with commas between: `https://app.example.com,https://www.example.com`. Nothing else can be called from them, and never with cookies. Empty: only pages of this server’s own origin.',
  },
  streamHeartbeatMs: {
    env: 'HTTP_STREAM_HEARTBEAT_MS',
    type: 'duration_ms',
    default: 15_000,
    min: 100,
    max: 600_000,
    doc: 'How often a quiet stream sends a sign of life over REST, so that proxies do not cut it.',
  },
})

export type RpcLimits = SettingsOf<typeof rpcSettings>
