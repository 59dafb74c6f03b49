import { SuppressionReason } from '@mainstay/proto/notify/v1/suppressions'
import type { Tone } from '../../components/state-mark/state-mark.tsx'

/** Every reason, with its name in addresses. */
export const suppressionReasons: ReadonlyMap<SuppressionReason, { slug: string; word: string; tone: Tone }> =
  new Map([
    [SuppressionReason.BOUNCED, { slug: 'bounced', word: 'Bounced', tone: 'bad' }],
    [SuppressionReason.COMPLAINED, { slug: 'complained', word: 'Complained', tone: 'bad' }],
    [SuppressionReason.UNSUBSCRIBED, { slug: 'unsubscribed', word: 'Unsubscribed', tone: 'warn' }],
    [SuppressionReason.MANUAL, { slug: 'manual', word: 'By hand', tone: 'quiet' }],
  ])

/** What sending to it again means. */
export const removalWords: ReadonlyMap<SuppressionReason, string> = new Map([
  [
    SuppressionReason.BOUNCED,
    'A message to this address bounced. Send to it again only when you know that it exists now: bounces cost you the trust of mail providers.',
  ],
  [
    SuppressionReason.COMPLAINED,
    'The recipient called a message spam. Send to it again only when they asked you to.',
  ],
  [
    SuppressionReason.UNSUBSCRIBED,
    'The recipient asked for no more. Send to it again only when they asked you to.',
  ],
  [SuppressionReason.MANUAL, 'It was added by hand.'],
])
