import { defineSettings, type SettingsOf } from '@mainstay/kernel'

export const identitySettings = defineSettings('identity', {
  otpTtlMs: {
    env: 'IDENTITY_OTP_TTL_MS',
    type: 'duration_ms',
    default: 600_000,
    min: 60_000,
    max: 600_000,
    doc: 'How long a one-time code works. NIST SP 800-63B §3.1.3.2 allows ten minutes at the most.',
  },
  otpResendAfterMs: {
    env: 'IDENTITY_OTP_RESEND_AFTER_MS',
    type: 'duration_ms',
    default: 30_000,
    min: 0,
    max: 600_000,
    doc: 'How long a person waits before a code is sent again.',
  },
  guessesPerDay: {
    env: 'IDENTITY_GUESSES_PER_DAY',
    type: 'integer',
    default: 20,
    min: 1,
    max: 1000,
    doc: 'How many wrong codes of six digits an identifier may see in a day before it gets codes of ten letters and digits. Nobody is locked out by it. 20 give a guesser one chance in 50,000 a day.',
  },
  otpDefaultPriceMicros: {
    env: 'IDENTITY_OTP_DEFAULT_PRICE_MICROS',
    type: 'integer',
    default: 50_000,
    min: 0,
    doc: 'What a text message with a code is taken to cost where the project has no prices (ImportPrices), in millionths of its currency: what budgets are counted in.',
  },
  otpProof: {
    env: 'IDENTITY_OTP_PROOF',
    type: 'enum',
    values: ['proof_of_work', 'turnstile', 'hcaptcha'],
    default: 'proof_of_work',
    doc: 'What callers do before a code is sent when a rule asks for it: a proof of work, which needs nothing, or a captcha, which needs IDENTITY_OTP_CAPTCHA_SITE_KEY and IDENTITY_OTP_CAPTCHA_SECRET.',
  },
  otpCaptchaSiteKey: {
    env: 'IDENTITY_OTP_CAPTCHA_SITE_KEY',
    type: 'string',
    optional: true,
    doc: 'The site key of Turnstile or hCaptcha.',
  },
  otpCaptchaSecret: {
    env: 'IDENTITY_OTP_CAPTCHA_SECRET',
    type: 'secret',
    optional: true,
    doc: 'The secret of Turnstile or hCaptcha.',
  },
  passwordHashesAtOnce: {
    env: 'IDENTITY_HASHES_AT_ONCE',
    type: 'integer',
    default: 2,
    min: 1,
    max: 64,
    doc: 'How many passwords are hashed at once; each takes about 10 ms of a core and 19 MiB. 64 more wait for each, and what is more is refused.',
  },
  pwnedPasswordsUrl: {
    env: 'IDENTITY_PWNED_URL',
    type: 'url',
    optional: true,
    doc: 'Where new passwords are looked up among leaked ones, by the first five characters of their SHA-1: https://api.pwnedpasswords.com, or a mirror of yours. Unset: only the best known are refused.',
  },
  refreshGraceMs: {
    env: 'IDENTITY_REFRESH_GRACE_MS',
    type: 'duration_ms',
    default: 30_000,
    min: 0,
    max: 300_000,
    doc: 'How long a refresh token that was used already gets the same successor again, for apps whose answer was lost on the way. After it, its use ends the session as stolen.',
  },
  keyRotationMs: {
    env: 'IDENTITY_KEY_ROTATION_MS',
    type: 'duration_ms',
    default: 2_592_000_000,
    min: 7_200_000,
    doc: 'How old a key that signs access tokens becomes. The next one is published an hour before it signs.',
  },
  deletionGraceMs: {
    env: 'IDENTITY_DELETION_GRACE_MS',
    type: 'duration_ms',
    default: 1_209_600_000,
    min: 0,
    max: 7_776_000_000,
    doc: 'How long an account whose owner asked for its deletion can still be kept.',
  },
})

export type IdentitySettings = SettingsOf<typeof identitySettings>
