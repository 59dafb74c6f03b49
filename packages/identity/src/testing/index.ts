import { createSealer } from '@mainstay/kernel'
import { CODES_KEY, createCodes } from '../otp/codes.ts'

/** The six digits of a challenge (uuid), for whoever holds the master key: benchmarks read no phone. */
export function codesOf(masterKey: Uint8Array): (challengeId: string) => string {
  const codes = createCodes(createSealer(masterKey).deriveKey(CODES_KEY))
  return (challengeId) => codes.of(challengeId, false)
}
