import { hash } from 'node:crypto'
import type { Logger } from '@mainstay/kernel'
import type { ProofPort } from './proof.ts'

export interface CaptchaOptions {
  kind: 'turnstile' | 'hcaptcha'
  siteKey: string
  secret: string
  logger: Pick<Logger, 'warn'>
  /** Where the service is found instead; for tests whose peer stands in for it. */
  verifyUrl?: string
}

/** Both have the same protocol: developers.cloudflare.com/turnstile/get-started/server-side-validation, docs.hcaptcha.com. */
const VERIFY_URLS = {
  turnstile: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
  hcaptcha: 'https://api.hcaptcha.com/siteverify',
}
const TIMEOUT_MS = 4000

/**
 * A captcha as the proof: the app sends the widget's answer as `proof`. A service that cannot be asked has verified nothing: the
 * person is asked again, and nobody gets a code for free meanwhile.
 */
export function createCaptcha({ kind, siteKey, secret, logger, verifyUrl }: CaptchaOptions): ProofPort {
  return {
    ask: () => ({ kind, task: '', bits: 0, siteKey }),
    async verify(proof) {
      if (proof === '' || proof.length > 4096) return
      try {
        const answer = await fetch(verifyUrl ?? VERIFY_URLS[kind], {
          method: 'POST',
          // The caller's address is not passed on: it is not needed, and nobody else's business.
          body: new URLSearchParams({ secret, response: proof, sitekey: siteKey }),
          redirect: 'error',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        })
        if (!answer.ok) throw new Error(`${kind} answered ${answer.status}`)
        const said: unknown = await answer.json()
        const success =
          typeof said === 'object' && said !== null && 'success' in said && said.success === true
        return success ? `${kind}:${hash('sha256', proof, 'base64url')}` : undefined
      } catch (error) {
        logger.warn({ err: error, kind }, 'a captcha could not be verified')
        return
      }
    },
  }
}
