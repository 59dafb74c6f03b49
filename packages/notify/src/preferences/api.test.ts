import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { createPageTokens, newId, systemClock } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import { Channel, MessageClass } from '@mainstay/proto/notify/v1'
import { PreferenceSource, Preferences } from '@mainstay/proto/notify/v1/preferences'
import { createTimezones } from '../recipients/timezones.ts'
import { ledgerMigrations } from '../testing/ledger.ts'
import { serviceCaller } from '../testing/service-caller.ts'
import { scriptAccount } from '../testing/worker.ts'
import { implementPreferences } from './api.ts'
import { createPreferenceLinks } from './links.ts'
import { createPreferences } from './service.ts'
import { createPreferenceTokens } from './tokens.ts'

const { EMAIL, SMS } = Channel

describe('the preferences service', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const tokens = createPreferenceTokens(Buffer.alloc(32, 7))
  let call: ReturnType<typeof serviceCaller<(typeof Preferences)['method']>>
  let callWithoutUrl: typeof call

  before(async () => {
    const db = await database.ready()
    const carried = new Set<string>(['email', 'sms'])
    const directory = {
      candidates: async (_projectId: string, _live: boolean, channel: string) =>
        carried.has(channel) ? [scriptAccount()] : [],
    }
    const deps = {
      db,
      clock: systemClock,
      timezones: createTimezones(db),
      pageTokens: createPageTokens(Buffer.alloc(32, 1)),
      preferences: createPreferences({ db, clock: systemClock, directory }),
    }
    const links = createPreferenceLinks(tokens, 'https://mainstay.example/')
    call = serviceCaller(Preferences, implementPreferences({ ...deps, links }))
    callWithoutUrl = serviceCaller(Preferences, implementPreferences({ ...deps, links: undefined }))
  })

  const actions = async (projectId: string): Promise<[string, string, string][]> => {
    const { rows } = await database.db.query<{ action: string; actor: string; resource: string }>({
      text: 'SELECT action, actor, resource FROM access.audit_entries WHERE project_id = $1 ORDER BY audit_entry_id',
      values: [projectId],
    })
    return rows.map(({ action, actor, resource }) => [action, actor, resource])
  }

  describe('categories', () => {
    it('are made, read, listed by what people read, changed field by field, deleted, and audited', async () => {
      const projectId = newId()
      const made = await call(
        'createCategory',
        {
          category: {
            name: 'offers',
            displayName: 'Offers',
            offChannels: [SMS],
            cap: { perDay: 2, perWeek: 5 },
          },
        },
        { projectId },
      )
      await call('createCategory', { category: { name: 'a', displayName: 'Zebra news' } }, { projectId })
      assert.deepEqual(made.offChannels, [SMS])
      assert.equal(made.cap?.perWeek, 5)
      assert.equal(made.ignoresQuietHours, false)
      const listed = await call('listCategories', {}, { projectId })
      assert.deepEqual(
        listed.categories.map(({ displayName }) => displayName),
        ['Offers', 'Zebra news'],
      )
      const category = { name: 'offers', displayName: 'Deals', etag: made.etag }
      const changed = await call(
        'updateCategory',
        { category, updateMask: { paths: ['display_name'] } },
        { projectId },
      )
      assert.deepEqual([changed.displayName, changed.cap?.perDay], ['Deals', 2])
      await assert.rejects(call('updateCategory', { category }, { projectId }), {
        reason: 'notify.etag_mismatch',
      })
      const whole = await call('updateCategory', { category: { ...category, etag: '' } }, { projectId })
      assert.equal(whole.cap, undefined)
      await call('deleteCategory', { name: 'offers' }, { projectId })
      await assert.rejects(call('getCategory', { name: 'offers' }, { projectId }), {
        reason: 'notify.category_not_found',
      })
      assert.deepEqual(
        (await actions(projectId)).map(([action]) => action.replace('notify.categories.', '')),
        ['create', 'create', 'update', 'update', 'delete'],
      )
    })

    it('are made once, however many make them at once', async () => {
      const projectId = newId()
      const category = { name: 'offers', displayName: 'Offers' }
      const made = await Promise.allSettled(
        Array.from({ length: 20 }, () => call('createCategory', { category }, { projectId })),
      )
      const refused = made.flatMap((one) => (one.status === 'rejected' ? [one.reason.reason] : []))
      assert.deepEqual(refused, Array(19).fill('notify.category_exists'))
    })

    it('need a name and words, and cannot be both mandatory and off', async () => {
      const projectId = newId()
      const bad: [object, string][] = [
        [{ name: '', displayName: 'x' }, 'category.name'],
        [{ name: 'x', displayName: ' ' }, 'category.displayName'],
        [{ name: 'x', displayName: 'a\0b' }, 'category.displayName'],
        [{ name: 'x', displayName: 'x', mandatory: true, offChannels: [SMS] }, 'category.offChannels'],
      ]
      for (const [category, field] of bad) {
        await assert.rejects(
          call('createCategory', { category }, { projectId }),
          (error: { reason: string; violations: { field: string }[] }) =>
            error.reason === 'notify.request_invalid' && error.violations[0]?.field === field,
          field,
        )
      }
      const updateMask = { paths: ['name'] }
      await assert.rejects(call('updateCategory', { category: { name: 'x' }, updateMask }, { projectId }), {
        reason: 'notify.request_invalid',
      })
      await assert.rejects(call('updateCategory', { category: { name: 'nobody' } }, { projectId }), {
        reason: 'notify.category_not_found',
      })
      await assert.rejects(call('deleteCategory', { name: 'nobody' }, { projectId }), {
        reason: 'notify.category_not_found',
      })
    })
  })

  describe('preferences', () => {
    async function project(): Promise<string> {
      const projectId = newId()
      const categories = [
        { name: 'offers', displayName: 'Offers' },
        { name: 'security', displayName: 'Security', mandatory: true },
        { name: 'tips', displayName: 'Tips', offChannels: [SMS] },
      ]
      for (const category of categories) await call('createCategory', { category }, { projectId })
      return projectId
    }
    type Answer = Awaited<ReturnType<typeof call<'getPreferences'>>>
    const table = ({ categories }: Answer): Record<string, string> =>
      Object.fromEntries(
        categories.map(({ category, channels }) => [
          category,
          channels.map(({ channel, enabled }) => `${Channel[channel]} ${enabled ? 'on' : 'off'}`).join(', '),
        ]),
      )

    it('are those of the categories until a person says otherwise', async () => {
      const projectId = await project()
      const ann = await call('getPreferences', { recipientId: 'ann' }, { projectId })
      assert.deepEqual(table(ann), {
        offers: 'EMAIL on, SMS on',
        security: 'EMAIL on, SMS on',
        tips: 'EMAIL on, SMS off',
      })
      assert.deepEqual([ann.decisions, ann.unsubscribed, ann.live], [[], false, true])
    })

    it('are changed in order, tell who said what, and keep mandatory categories on', async () => {
      const projectId = await project()
      const changes = [
        { category: 'offers', channel: SMS, enabled: false },
        { category: 'security', enabled: false },
        { category: 'tips', channel: SMS, enabled: true },
      ]
      const call1 = { projectId, actor: 'key_shop' }
      const ann = await call('updatePreferences', { recipientId: 'ann', changes }, call1)
      assert.deepEqual(table(ann), {
        offers: 'EMAIL on, SMS off',
        security: 'EMAIL on, SMS on',
        tips: 'EMAIL on, SMS on',
      })
      const decision = ann.categories[0]?.channels[1]?.decision
      assert.deepEqual(
        [decision?.actor, decision?.source, decision?.enabled],
        ['key_shop', PreferenceSource.API, false],
      )
      assert.deepEqual((await actions(projectId)).at(-1), ['notify.preferences.update', 'key_shop', 'ann'])
      const bea = await call('getPreferences', { recipientId: 'bea' }, { projectId })
      assert.deepEqual(bea.decisions, [])
    })

    it('of everything replace what was said before, and later ones stand beside them', async () => {
      const projectId = await project()
      const update = (...changes: { category?: string; channel?: Channel; enabled?: boolean }[]) =>
        call('updatePreferences', { recipientId: 'ann', changes }, { projectId })
      await update(
        { category: 'offers', channel: EMAIL, enabled: true },
        { category: 'tips', enabled: false },
      )
      const none = await update({ enabled: false })
      assert.equal(none.decisions.length, 1)
      assert.equal(none.unsubscribed, true)
      assert.deepEqual(table(none), {
        offers: 'EMAIL off, SMS off',
        security: 'EMAIL on, SMS on',
        tips: 'EMAIL off, SMS off',
      })
      const some = await update({ category: 'offers', channel: EMAIL, enabled: true })
      assert.deepEqual(table(some).offers, 'EMAIL on, SMS off')
      const forgotten = await update({})
      assert.deepEqual([forgotten.decisions, forgotten.unsubscribed], [[], false])
    })

    it('are changed all or none, in categories that there are', async () => {
      const projectId = await project()
      const changes = [
        { category: 'offers', enabled: false },
        { category: 'ofers', enabled: false },
      ]
      await assert.rejects(
        call('updatePreferences', { recipientId: 'ann', changes }, { projectId }),
        (error: { reason: string; violations: { field: string }[] }) =>
          error.reason === 'notify.category_not_found' &&
          error.violations[0]?.field === 'changes[1].category',
      )
      assert.deepEqual((await call('getPreferences', { recipientId: 'ann' }, { projectId })).decisions, [])
      await assert.rejects(call('updatePreferences', { recipientId: 'a\0b' }, { projectId }), {
        reason: 'notify.request_invalid',
      })
    })

    it('of live and test messages are apart, and a test key reaches only the latter', async () => {
      const projectId = await project()
      const changes = [{ category: 'offers', enabled: false }]
      const test = { projectId, testMode: true }
      const ann = await call('updatePreferences', { recipientId: 'ann', changes }, test)
      assert.deepEqual([ann.live, ann.decisions.length], [false, 1])
      assert.deepEqual((await call('getPreferences', { recipientId: 'ann' }, { projectId })).decisions, [])
      const live = { recipientId: 'ann', changes, live: true }
      await assert.rejects(call('updatePreferences', live, test), { reason: 'notify.mode_not_allowed' })
      await assert.rejects(call('createPreferenceLink', { recipientId: 'ann', live: true }, test), {
        reason: 'notify.mode_not_allowed',
      })
    })

    it('of many people are stored at once, by twenty at a time, and listed page by page', async () => {
      const projectId = await project()
      const preferences = Array.from({ length: 30 }, (_, index) => ({
        ...{ recipientId: `p${index}`, category: 'offers', channel: SMS },
        enabled: index % 2 === 0,
      }))
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          call(
            'batchUpdatePreferences',
            { preferences: index % 2 === 0 ? preferences : preferences.toReversed() },
            { projectId },
          ),
        ),
      )
      const listed: string[] = []
      let pageToken = ''
      do {
        const page = await call(
          'listPreferences',
          { enabled: false, category: 'offers', pageSize: 4, pageToken },
          { projectId },
        )
        listed.push(...page.preferences.map(({ recipientId }) => recipientId))
        pageToken = page.nextPageToken
      } while (pageToken !== '')
      const wanted = preferences.filter(({ enabled }) => !enabled).map(({ recipientId }) => recipientId)
      assert.deepEqual(listed, wanted.toSorted())
      await assert.rejects(
        call('batchUpdatePreferences', { preferences: [{ category: 'offers' }] }, { projectId }),
        { reason: 'notify.request_invalid' },
      )
    })

    it('have a link to a page of their own, where there is a public address', async () => {
      const projectId = await project()
      const { url } = await call('createPreferenceLink', { recipientId: 'ann' }, { projectId })
      const token = url.replace('https://mainstay.example/preferences/', '')
      assert.deepEqual(tokens.read(token), {
        ...{ projectId, live: true, recipientId: 'ann', category: null, messageId: null },
      })
      await assert.rejects(callWithoutUrl('createPreferenceLink', { recipientId: 'ann' }, { projectId }), {
        reason: 'notify.no_public_url',
      })
    })
  })

  describe('quiet hours', () => {
    const night = { start: '22:00', end: '07:30', days: [5, 6] }

    it('of a project are changed field by field, by live callers', async () => {
      const projectId = newId()
      const first = await call('getContactSettings', {}, { projectId })
      assert.deepEqual([first.timezone, first.quietHours, first.updateTime], ['UTC', [], undefined])
      const contactSettings = {
        timezone: 'europe/berlin',
        quietHours: [night],
        quietExemptClasses: [MessageClass.TRANSACTIONAL],
        cap: { perDay: 9 },
        etag: first.etag,
      }
      const set = await call('updateContactSettings', { contactSettings }, { projectId })
      assert.equal(set.timezone, 'Europe/Berlin')
      assert.deepEqual(
        set.quietHours.map(({ start, end, days }) => ({ start, end, days })),
        [night],
      )
      const updateMask = { paths: ['cap'] }
      const { timezone, cap } = await call(
        'updateContactSettings',
        { contactSettings: { cap: { perWeek: 20 } }, updateMask },
        { projectId },
      )
      assert.deepEqual([timezone, cap?.perDay, cap?.perWeek], ['Europe/Berlin', 0, 20])
      await assert.rejects(call('updateContactSettings', { contactSettings }, { projectId }), {
        reason: 'notify.etag_mismatch',
      })
      await assert.rejects(
        call('updateContactSettings', { contactSettings: {} }, { projectId, testMode: true }),
        { reason: 'notify.mode_not_allowed' },
      )
    })

    it('need a zone that there is, and leave an hour of the week', async () => {
      const projectId = newId()
      const whole = { start: '00:00', end: '00:00' }
      const bad: [object, string][] = [
        [{ timezone: 'Mars/Olympus' }, 'contactSettings.timezone'],
        [{ quietHours: [whole] }, 'contactSettings.quietHours'],
        [
          {
            quietHours: [
              { start: '08:00', end: '20:30' },
              { start: '20:00', end: '07:30' },
            ],
          },
          'contactSettings.quietHours',
        ],
      ]
      for (const [contactSettings, field] of bad) {
        await assert.rejects(
          call('updateContactSettings', { contactSettings }, { projectId }),
          (error: { reason: string; violations: { field: string }[] }) =>
            error.reason === 'notify.request_invalid' && error.violations[0]?.field === field,
        )
      }
      const quietHours = [{ ...whole, days: [1, 2, 3, 4, 5, 6] }]
      await call('updateContactSettings', { contactSettings: { quietHours } }, { projectId })
    })

    it('of a person are their own until they are forgotten', async () => {
      const projectId = newId()
      const ann = { recipientId: 'ann' }
      const own = await call('updatePreferences', { ...ann, quietHours: { windows: [night] } }, { projectId })
      assert.equal(own.quietHours?.windows[0]?.end, '07:30')
      const none = await call('updatePreferences', { ...ann, quietHours: {} }, { projectId })
      assert.deepEqual(none.quietHours?.windows, [])
      const cleared = await call('updatePreferences', { ...ann, clearQuietHours: true }, { projectId })
      assert.equal(cleared.quietHours, undefined)
      await assert.rejects(
        call('updatePreferences', { ...ann, clearQuietHours: true, quietHours: {} }, { projectId }),
        { reason: 'notify.request_invalid' },
      )
    })
  })
})
