/** What became of the messages that an account accepted for a country, over the last day. */
export interface Measured {
  accepted: number
  delivered: number
  /** One-time codes among them, and those of them that were used. */
  codes: number
  converted: number
}

/**
 * How the rate of an account that was hardly used begins: as if it had been handed this many messages before and had
 * delivered all but one of them in twenty. Few messages thus prove little, and a new account is neither best nor worst.
 */
const PRIOR_MESSAGES = 20
const PRIOR_DELIVERED = 19

/** Fewer measured messages than this in a day and an account counts as new: it is given some to be measured by. */
export const ENOUGH_MEASURED = 200

/**
 * The part of its messages that an account delivers, above 0 and below 1. With `byConversion`, the part of its one-time codes
 * that were used, since that is what a code is for.
 *
 * An account of which no delivery was ever reported says nothing: most mail servers report none.
 */
export function rateOf(measured: Measured | undefined, byConversion: boolean): number {
  if (measured === undefined) return PRIOR_DELIVERED / PRIOR_MESSAGES
  if (byConversion) return smooth(measured.converted, measured.codes)
  if (measured.delivered === 0) return PRIOR_DELIVERED / PRIOR_MESSAGES
  return smooth(measured.delivered, measured.accepted)
}

function smooth(successes: number, all: number): number {
  return (successes + PRIOR_DELIVERED) / (Math.max(all, successes) + PRIOR_MESSAGES)
}
