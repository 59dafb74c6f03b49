/** Why nothing is sent to an address; the contract's numbers, and those of notify.suppressions. */
export const SUPPRESSION_REASONS = { bounced: 1, complained: 2, unsubscribed: 3, manual: 4 } as const

export type SuppressionReason = (typeof SUPPRESSION_REASONS)[keyof typeof SUPPRESSION_REASONS]

/** What people read on a message that was not sent. */
export function tellSuppressed(reason: SuppressionReason): string {
  return `The address is suppressed: ${WHY[reason]}`
}

const WHY: Readonly<Record<SuppressionReason, string>> = {
  1: 'a message to it bounced.',
  2: 'the recipient called a message spam.',
  3: 'the recipient unsubscribed.',
  4: 'somebody put it on the suppression list.',
}

/** The same in SQL, of a column `reason`. */
export const TELL_SUPPRESSED = `CASE reason ${Object.keys(WHY)
  .map((reason) => `WHEN ${reason} THEN '${tellSuppressed(Number(reason) as SuppressionReason)}'`)
  .join(' ')} END`
