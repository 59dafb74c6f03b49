import { defineSettings, type SettingsOf } from '@mainstay/kernel'

export const accessSettings = defineSettings('access', {
  publicUrl: {
    env: 'MAINSTAY_PUBLIC_URL',
    type: 'url',
    optional: true,
    doc: 'Where browsers reach the console, for example https://mainstay.example.com. Set it behind a proxy that changes the Host header or ends TLS: session cookies are then marked Secure, and requests from other origins are refused.',
  },
  signInLinkTtlMs: {
    env: 'ACCESS_SIGN_IN_LINK_TTL_MS',
    type: 'duration_ms',
    default: 900_000,
    min: 10_000,
    doc: 'How long a one-time sign-in link works.',
  },
  sessionIdleMs: {
    env: 'ACCESS_SESSION_IDLE_MS',
    type: 'duration_ms',
    default: 43_200_000,
    min: 60_000,
    doc: "An operator's session ends after this time without a request. Use is noted once a minute.",
  },
  sessionMaxMs: {
    env: 'ACCESS_SESSION_MAX_MS',
    type: 'duration_ms',
    default: 604_800_000,
    min: 60_000,
    doc: "An operator's session ends this long after signing in, used or not.",
  },
  idempotencyTtlMs: {
    env: 'ACCESS_IDEMPOTENCY_TTL_MS',
    type: 'duration_ms',
    default: 86_400_000,
    min: 60_000,
    doc: 'How long an idempotency key and its first answer are kept. Callers are promised 24 hours.',
  },
})

export type AccessSettings = SettingsOf<typeof accessSettings>
