import { timingSafeEqual } from 'node:crypto'

/** Compares in a time that tells nothing of where they differ; texts of different lengths are different. */
export function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}
