import type { Executor } from '@mainstay/kernel'
import { LRUCache } from 'lru-cache'
import type { EmailBody, ProviderContent } from '../rendering.ts'
import { rewriteHtml } from './rewrite.ts'
import { findTracking, type TrackingRow } from './settings-store.ts'
import type { TrackingTokens } from './tokens.ts'

export interface TrackerDeps {
  db: Executor
  tokens: Pick<TrackingTokens, 'write'>
  /** Where recipients reach this installation. */
  publicUrl: string
}

/** A message about to be sent. */
export interface Tracked {
  projectId: string
  messageId: string
  /** 1: a one-time code. */
  lane: number
}

/** Makes a message tell when it is opened and followed, where its project wants that. */
export type Track = (message: Tracked, content: ProviderContent) => Promise<ProviderContent>

/** How long a worker goes by what it knows of a project's decision. */
const SETTINGS_TTL_MS = 5000

/**
 * Only HTML mail can tell. One-time codes never do: their links sign people in, and lead nowhere by way of somebody else.
 */
export function createTracker({ db, tokens, publicUrl }: TrackerDeps): Track {
  const base = publicUrl.replace(/\/+$/, '')
  const settings = new LRUCache<string, TrackingRow>({
    max: 1000,
    ttl: SETTINGS_TTL_MS,
    fetchMethod: (projectId) => findTracking(db, projectId),
  })
  /** Our own pages (preferences, unsubscribing) and whatever leads out of a list. */
  const isExempt = (url: string): boolean => url.startsWith(`${base}/`) || /unsubscribe/i.test(url)

  return async (message, content) => {
    if (message.lane === 1 || !('email' in content) || content.email.html === '') return content
    const wanted = await settings.fetch(message.projectId)
    if (wanted === undefined || !(wanted.trackOpens || wanted.trackClicks)) return content
    const { projectId, messageId } = message
    const address = (kind: 'open' | 'click', url: string): string =>
      `${base}/${kind === 'open' ? 'o' : 'c'}/${tokens.write({ kind, projectId, messageId, url })}`
    const html = rewriteHtml(content.email.html, {
      link: wanted.trackClicks ? (url) => address('click', url) : undefined,
      pixel: wanted.trackOpens ? `${address('open', '')}.gif` : undefined,
      isExempt,
    })
    const email: EmailBody = { ...content.email, html }
    return { email }
  }
}
