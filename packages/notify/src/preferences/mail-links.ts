import type { NotificationContent } from '../rendering.ts'
import type { PreferenceLinks } from './links.ts'

/** An email, or another message, about to be sent. */
export interface Linked {
  projectId: string
  messageId: string
  live: boolean
  /** Of the contract. */
  channel: number
  /** 1: a one-time code. 3: bulk. */
  lane: number
  recipientId: string | null
  category: string | null
}

/** What a message to a known recipient brings along for them to say what they want. */
export interface MailLinks {
  /** Further values for its template. */
  variables: Readonly<Record<string, string>>
  /** Headers of an email. */
  headers: Readonly<Record<string, string>>
}

/** Undefined for messages to addresses that no recipient is known for. */
export type FindMailLinks = (message: Linked, isMandatory: boolean) => MailLinks | undefined

/** What stands for the links where a template is tried out before there is a message. */
export const LINK_SAMPLES: Readonly<Record<string, string>> = {
  unsubscribe_url: 'https://mainstay.example/u/sample',
  preferences_url: 'https://mainstay.example/preferences/sample',
}

/** Of the contract's Channel. */
const EMAIL = 1

/**
 * Links to a recipient's preferences, and the headers by which mail programs offer to unsubscribe with one click (RFC 2369 §3.2,
 * RFC 8058): on emails of categories that can be switched off, and on bulk emails without one.
 */
export function createMailLinks(links: PreferenceLinks): FindMailLinks {
  return ({ projectId, messageId, live, channel, lane, recipientId, category }, isMandatory) => {
    if (recipientId === null) return undefined
    const isOptional = lane !== 1 && (category === null ? lane === 3 : !isMandatory)
    const token = { projectId, live, recipientId, category: isOptional ? (category ?? '') : null, messageId }
    const unsubscribe = isOptional ? links.unsubscribe(token) : links.page(token)
    return {
      variables: { unsubscribe_url: unsubscribe, preferences_url: links.page(token) },
      headers:
        isOptional && channel === EMAIL
          ? {
              'List-Unsubscribe': `<${unsubscribe}>`,
              'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
            }
          : {},
    }
  }
}

/** A template's content with the links among its data; what the caller gave under these names stays. */
export function withLinks(content: NotificationContent, links: MailLinks | undefined): NotificationContent {
  if (links === undefined || !('template' in content)) return content
  return { ...content, data: { ...links.variables, ...content.data } }
}
