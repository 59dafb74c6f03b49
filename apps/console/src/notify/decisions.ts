import { Resolution } from '@mainstay/proto/notify/v1'

/** What an operator can decide about a message whose outcome nobody knows. */
export interface Decision {
  resolution: Resolution
  title: string
  consequence: string
  verb: string
  /** Pressed on its own in the review queue. */
  key: string
}

export const decisions: readonly Decision[] = [
  {
    resolution: Resolution.SENT,
    title: 'It was sent',
    consequence:
      'The message is recorded as sent. Nothing goes out again. Do this when the provider’s log or the recipient says that it arrived.',
    verb: 'Record as sent',
    key: '1',
  },
  {
    resolution: Resolution.FAILED,
    title: 'It was not sent',
    consequence: 'The message is recorded as failed. Nothing goes out again.',
    verb: 'Record as failed',
    key: '2',
  },
  {
    resolution: Resolution.RESEND,
    title: 'Send it again',
    consequence:
      'The message goes out once more and is flagged as a possible duplicate: the recipient may get it twice.',
    verb: 'Send again',
    key: '3',
  },
]
