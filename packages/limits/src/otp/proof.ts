import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '@mainstay/kernel'

/** What a caller is asked to do before a code is sent. */
export interface ProofTask {
  /** `proof_of_work`, or the service whose widget the app shows. */
  kind: 'proof_of_work' | 'turnstile' | 'hcaptcha'
  /** Proof of work: the text to find a nonce for. */
  task: string
  /** Proof of work: how many zero bits. */
  bits: number
  /** A service's site key. */
  siteKey: string
}

/** Whom a proof is for: one made for somebody else, or from elsewhere, is worth nothing. */
export interface ProofFor {
  projectId: string
  recipientKey: string
  addressKey: string
}

export interface ProofPort {
  ask(who: ProofFor, difficulty: number): ProofTask
  /**
   * What a proof is, when it is good: a text that is different for each, so that it can be used up. Undefined when it is not, and
   * when whoever would know cannot be asked: then another proof is asked for.
   */
  verify(proof: string, who: ProofFor): string | undefined | Promise<string | undefined>
}

const BASE_BITS = 17
const TTL_MS = 600_000

/**
 * A built-in proof of work: find a nonce so that SHA-256 of `task.nonce` begins with so many zero bits (hashcash). It costs a
 * phone a fraction of a second and whoever wants ten thousand codes hours, asks nobody, and tells nobody anything.
 *
 * The task is signed and bound to recipient and address; it holds for ten minutes.
 *
 * @param key 32 bytes, the same in every process.
 */
export function createProofOfWork(key: Uint8Array, clock: Clock): ProofPort {
  const sign = (text: string, { projectId, recipientKey, addressKey }: ProofFor): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([text, projectId, recipientKey, addressKey]))
      .digest()
      .subarray(0, 16)

  return {
    ask(who, difficulty) {
      const bits = BASE_BITS + Math.min(Math.max(difficulty - 1, 0) * 2, 6)
      const text = `1.${clock.nowMs() + TTL_MS}.${bits}.${randomBytes(9).toString('base64url')}`
      return {
        kind: 'proof_of_work',
        task: `${text}.${sign(text, who).toString('base64url')}`,
        bits,
        siteKey: '',
      }
    },
    verify(proof, who) {
      const parts = proof.split('.')
      if (parts.length !== 6 || proof.length > 200) return
      const [version, expires, bits, salt, mac = '', nonce = ''] = parts
      if (version !== '1' || !/^[0-9a-z]{1,20}$/i.test(nonce)) return
      const given = Buffer.from(mac, 'base64url')
      const expected = sign(`1.${expires}.${bits}.${salt}`, who)
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return
      if (Number(expires) <= clock.nowMs()) return
      return leadingZeroBits(hash('sha256', proof, 'buffer')) >= Number(bits) ? `pow:${salt}` : undefined
    },
  }
}

/** Finds the nonce; for tests and servers. Apps have the SDK's. */
export function solveProofOfWork({ task, bits }: Pick<ProofTask, 'task' | 'bits'>): string {
  for (let nonce = 0; ; nonce++) {
    const proof = `${task}.${nonce.toString(36)}`
    if (leadingZeroBits(hash('sha256', proof, 'buffer')) >= bits) return proof
  }
}

export function leadingZeroBits(bytes: Uint8Array): number {
  let bits = 0
  for (const byte of bytes) {
    if (byte === 0) bits += 8
    else return bits + Math.clz32(byte) - 24
  }
  return bits
}
