/** The text as an id of a message of ours; undefined for what others may have put in the same place. */
export function asMessageId(value: unknown): string | undefined {
  return typeof value === 'string' && /^msg_[0-9a-z]{26}$/.test(value) ? value : undefined
}

/** Names the message in its report URL, for providers that carry no reference of ours but call back a URL of each message. */
export function nameMessage(reportUrl: string, messageId: string): string {
  const url = new URL(reportUrl)
  url.searchParams.set(PARAMETER, messageId)
  return url.href
}

/** The message that a report URL names. To be believed only when the provider's signature covers the URL. */
export function messageNamedIn(url: string): string | undefined {
  return asMessageId(new URL(url).searchParams.get(PARAMETER))
}

const PARAMETER = 'message'
