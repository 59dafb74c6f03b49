import { recordAudit } from '@mainstay/access'
import type { Clock, Db, Executor, Tx } from '@mainstay/kernel'
import type { ProviderDirectory } from '../provider-accounts/directory.ts'
import { channelNumber, type MessageChannel, PROVIDER_CHANNELS } from '../providers/outgoing.ts'
import { type CategoryRow, listCategories } from './category-store.ts'
import {
  type Decision,
  findOwnQuietHours,
  listDecisions,
  lockPerson,
  type Person,
  type PreferenceRow,
  storeDecisions,
  storeOwnQuietHours,
} from './preference-store.ts'
import { invalid, noSuchCategory, requireStorable } from './refusals.ts'
import type { QuietWindow } from './windows.ts'
import { findUnwanted, hasInboxes } from './wishes-store.ts'

export interface PreferencesDeps {
  db: Db
  clock: Clock
  directory: Pick<ProviderDirectory, 'candidates'>
}

/** Where a decision was made, in the contract's numbers. */
export const SOURCES = { api: 1, page: 2, unsubscribe: 3 } as const

/** Who decides, and where. */
export interface Act {
  actor: string
  source: (typeof SOURCES)[keyof typeof SOURCES]
  requestId: string
  tx?: Tx | undefined
}

/** A category and what a person gets of it, by channel. */
export interface Wish {
  category: CategoryRow
  channels: { channel: number; enabled: boolean; decision: PreferenceRow | undefined }[]
}

/** All that is known of what a person wants. */
export interface Wishes {
  categories: Wish[]
  decisions: PreferenceRow[]
  /** Undefined: the project's hold. */
  quietHours: QuietWindow[] | undefined
}

/** What people want, as they or others say it. */
export function createPreferences({ db, clock, directory }: PreferencesDeps) {
  /** Those by which the project can reach anybody; webhooks reach no people. */
  async function channelsOf({ projectId, live }: Person, executor: Executor): Promise<number[]> {
    const people = PROVIDER_CHANNELS.filter((channel) => channel !== 'webhook')
    const carried = await Promise.all(
      people.map(async (channel) => (await directory.candidates(projectId, live, channel)).length > 0),
    )
    const channels: MessageChannel[] = people.filter((_, index) => carried[index])
    if (await hasInboxes(executor, projectId, live)) channels.push('inbox')
    return channels.map(channelNumber)
  }

  async function read(person: Person, executor: Executor = db): Promise<Wishes> {
    const channels = await channelsOf(person, executor)
    const categories = await listCategories(executor, person.projectId)
    const asked = categories.flatMap(({ category }) => channels.map((channel) => ({ category, channel })))
    const unwanted = await findUnwanted(executor, person, asked)
    const decisions = await listDecisions(executor, person)
    return {
      categories: categories.map((category, row) => ({
        category,
        channels: channels.map((channel, column) => ({
          channel,
          enabled: !unwanted.has(row * channels.length + column),
          decision: category.mandatory ? undefined : mostSpecific(decisions, category.category, channel),
        })),
      })),
      decisions,
      quietHours: await findOwnQuietHours(executor, person),
    }
  }

  async function decide(tx: Tx, person: Person, decisions: readonly Decision[], act: Act): Promise<boolean> {
    await lockPerson(tx, person)
    return await storeDecisions(tx, person, decisions, act, clock.now())
  }

  async function record(tx: Tx, person: Person, act: Act, action: string): Promise<void> {
    const { projectId, recipientId } = person
    await recordAudit(tx, clock, act, {
      projectId,
      action: `notify.preferences.${action}`,
      resource: recipientId,
    })
  }

  return {
    read,

    /** All of it or nothing. Throws `notify.category_not_found` at the field. */
    async update(
      person: Person,
      changes: {
        decisions: readonly Decision[]
        /** Null: they are forgotten; undefined: they stay. */
        quietHours?: readonly QuietWindow[] | null | undefined
        /** Called when something changes, in the transaction that changes it. */
        told?(tx: Tx): Promise<void>
      },
      act: Act,
    ): Promise<Wishes> {
      requireStorable('recipientId', person.recipientId)
      const change = async (tx: Tx): Promise<Wishes> => {
        // Whoever unsubscribes may do so from a category that is gone: it may come back.
        if (act.source === SOURCES.api) {
          await requireCategories(tx, person.projectId, changes.decisions, 'changes')
        }
        const decided = await decide(tx, person, changes.decisions, act)
        const { quietHours } = changes
        if (quietHours !== undefined) {
          await storeOwnQuietHours(tx, person, quietHours ?? undefined, act.actor, clock.now())
        }
        if (decided || quietHours !== undefined) {
          await changes.told?.(tx)
          await record(tx, person, act, act.source === SOURCES.unsubscribe ? 'unsubscribe' : 'update')
        }
        return await read(person, tx)
      }
      return await (act.tx === undefined ? db.transaction(change) : change(act.tx))
    },

    /** Decisions of many people, all or none. */
    async updateMany(
      space: Pick<Person, 'projectId' | 'live'>,
      preferences: readonly (Decision & { recipientId: string })[],
      act: Act,
    ): Promise<void> {
      for (const [index, { recipientId }] of preferences.entries()) {
        const field = `preferences[${index}].recipientId`
        if (recipientId === '') throw invalid({ field, description: 'must not be empty' })
        requireStorable(field, recipientId)
      }
      const byPerson = Map.groupBy(preferences, ({ recipientId }) => recipientId)
      const change = async (tx: Tx): Promise<void> => {
        await requireCategories(tx, space.projectId, preferences, 'preferences')
        // In one order, so that two imports wait for each other instead of deadlocking.
        for (const [recipientId, decisions] of [...byPerson].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
          await decide(tx, { ...space, recipientId }, decisions, act)
        }
        await recordAudit(tx, clock, act, {
          projectId: space.projectId,
          action: 'notify.preferences.update',
          resource: `${byPerson.size} recipients`,
        })
      }
      await (act.tx === undefined ? db.transaction(change) : change(act.tx))
    },
  }
}

export type PreferencesService = ReturnType<typeof createPreferences>

/** A decision may be about a category that is gone only to forget it. */
async function requireCategories(
  tx: Tx,
  projectId: string,
  decisions: readonly Decision[],
  list: string,
): Promise<void> {
  const known = new Set((await listCategories(tx, projectId)).map(({ category }) => category))
  for (const [index, { category, enabled }] of decisions.entries()) {
    if (category === '' || enabled === null || known.has(category)) continue
    throw noSuchCategory(category, `${list}[${index}].category`)
  }
}

/** The decision that holds, as notify.find_gated finds it. */
function mostSpecific(
  decisions: readonly PreferenceRow[],
  category: string,
  channel: number,
): PreferenceRow | undefined {
  const about = (ofCategory: string, onChannel: number): PreferenceRow | undefined =>
    decisions.find((one) => one.category === ofCategory && one.channel === onChannel)
  return about(category, channel) ?? about(category, 0) ?? about('', channel) ?? about('', 0)
}
