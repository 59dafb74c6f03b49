import { type Category, type FrequencyCap, PreferenceSource } from '@mainstay/proto/notify/v1/preferences'
import { channelWord } from '../../notify/channels.ts'

/** `2 a day, 5 a week` */
export function capWords(cap: FrequencyCap | undefined): string {
  const parts = [
    ...(cap && cap.perDay > 0 ? [`${cap.perDay} a day`] : []),
    ...(cap && cap.perWeek > 0 ? [`${cap.perWeek} a week`] : []),
  ]
  return parts.length === 0 ? 'No cap' : parts.join(', ')
}

/** What people get of a category until they say otherwise. */
export function defaultWords({ mandatory, offChannels }: Category): string {
  if (mandatory) return 'Always on'
  return offChannels.length === 0 ? 'On' : `Off: ${offChannels.map(channelWord).join(', ')}`
}

export const sourceWords: ReadonlyMap<PreferenceSource, string> = new Map([
  [PreferenceSource.API, 'by an app or operator'],
  [PreferenceSource.PAGE, 'on their page'],
  [PreferenceSource.UNSUBSCRIBE, 'by one-click unsubscribe'],
])

export const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
