import type { Clock, Db, Tx } from '@mainstay/kernel'
import { newId } from '@mainstay/kernel'
import { findCategory } from '../category-store.ts'
import type { Decision } from '../preference-store.ts'
import { type Act, type PreferencesService, SOURCES, type Wishes } from '../service.ts'
import type { PreferenceToken, PreferenceTokens } from '../tokens.ts'
import { findProjectName, noteUnsubscribed } from '../wishes-store.ts'
import { channelWords, renderNotice, renderPreferences } from './page.ts'
import { PAGE_POLICY } from './style.ts'

/** A page, as browsers get it. */
export interface Page {
  status: number
  html: string
  /** For `Content-Security-Policy`. */
  policy: string
}

/** What people reach by signed links. None of it needs a cookie or a sign-in: the link is the right to it. */
export interface PreferencePages {
  /** The page; it changes nothing, since mail scanners follow links too. */
  show(token: string): Promise<Page>
  /** Does what the page's form says: `action`, and `on` of those `shown`. */
  save(token: string, form: URLSearchParams, requestId: string): Promise<Page>
  /** RFC 8058: unsubscribes, however often it is asked. */
  unsubscribe(token: string, requestId: string): Promise<Page>
}

export interface PreferencePagesDeps {
  db: Db
  clock: Clock
  tokens: PreferenceTokens
  preferences: PreferencesService
}

/** Of the contract's Channel. */
const EMAIL = 1

export function createPreferencePages({
  db,
  clock,
  tokens,
  preferences,
}: PreferencePagesDeps): PreferencePages {
  async function render(
    text: string,
    token: PreferenceToken,
    wishes: Wishes,
    changes?: readonly string[],
  ): Promise<Page> {
    const projectName = await findProjectName(db, token.projectId)
    if (projectName === undefined) return notOurs()
    const html = renderPreferences({
      projectName,
      live: token.live,
      path: `/preferences/${text}`,
      categories: wishes.categories,
      unsubscribed: wishes.decisions.some((one) => one.category === '' && one.channel === 0 && !one.enabled),
      offer: changes === undefined ? offerOf(token, wishes) : undefined,
      changes,
    })
    return { status: 200, html, policy: PAGE_POLICY }
  }

  const actOf = (source: Act['source'], requestId: string): Act => ({ actor: 'recipient', source, requestId })

  async function unsubscribe(token: PreferenceToken, act: Act): Promise<Wishes> {
    const category = token.category ?? ''
    // A link to the page alone is about everything; one in a mail is about mail.
    const channel = token.category === null ? 0 : EMAIL
    const told = async (tx: Tx): Promise<void> => {
      if (token.messageId === null) return
      const note = { ...token, messageId: token.messageId, noteId: newId(clock) }
      await noteUnsubscribed(tx, note, (await findCategory(tx, token.projectId, category))?.display_name)
    }
    return await preferences.update(token, { decisions: [{ category, channel, enabled: false }], told }, act)
  }

  return {
    async show(text) {
      const token = tokens.read(text)
      if (token === undefined) return notOurs()
      return await render(text, token, await preferences.read(token))
    },

    async save(text, form, requestId) {
      const token = tokens.read(text)
      if (token === undefined) return notOurs()
      const before = await preferences.read(token)
      const act = actOf(SOURCES.page, requestId)
      const action = form.get('action')
      let after: Wishes
      if (action === 'unsubscribe') after = await unsubscribe(token, act)
      else {
        const decisions = action === 'unsubscribe_all' ? [EVERYTHING_OFF] : changedSwitches(before, form)
        after = decisions.length === 0 ? before : await preferences.update(token, { decisions }, act)
      }
      return await render(text, token, after, tellChanges(before, after))
    },

    async unsubscribe(text, requestId) {
      const token = tokens.read(text)
      if (token === undefined) return notOurs()
      await unsubscribe(token, actOf(SOURCES.unsubscribe, requestId))
      const html = renderNotice('You are unsubscribed', 'You get no more of these emails.')
      return { status: 200, html, policy: PAGE_POLICY }
    },
  }
}

const EVERYTHING_OFF: Decision = { category: '', channel: 0, enabled: false }

function notOurs(): Page {
  const text = 'It is not complete, or it was not made here. Open it from the mail again, in whole.'
  return { status: 400, html: renderNotice('This link does not work', text), policy: PAGE_POLICY }
}

/** What the link in a mail is about, while there is something to unsubscribe from. */
function offerOf({ category }: PreferenceToken, { categories }: Wishes): string | undefined {
  if (category === null) return undefined
  if (category === '') return 'all emails'
  const wish = categories.find((one) => one.category.category === category)
  const email = wish?.channels.find(({ channel }) => channel === EMAIL)
  return wish?.category.mandatory === false && email?.enabled !== false
    ? wish.category.display_name
    : undefined
}

/** Only switches that were shown, that there are, and that were moved. */
function changedSwitches({ categories }: Wishes, form: URLSearchParams): Decision[] {
  const [shown, on] = [new Set(form.getAll('shown')), new Set(form.getAll('on'))]
  return categories.flatMap(({ category: { category, mandatory }, channels }) =>
    channels.flatMap(({ channel, enabled }) => {
      const name = `${category}/${channel}`
      if (mandatory || !shown.has(name) || on.has(name) === enabled) return []
      return [{ category, channel, enabled: !enabled }]
    }),
  )
}

function tellChanges(before: Wishes, after: Wishes): string[] {
  return after.categories.flatMap(({ category, channels }) =>
    channels.flatMap(({ channel, enabled }) => {
      const earlier = before.categories
        .find((one) => one.category.category === category.category)
        ?.channels.find((one) => one.channel === channel)
      if (earlier === undefined || earlier.enabled === enabled) return []
      return [`${category.display_name}, ${channelWords(channel)}: ${enabled ? 'on' : 'off'}`]
    }),
  )
}
