import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { AppError, createBus, createPageTokens, newId, systemClock, toTypeId } from '@mainstay/kernel'
import { waitFor } from '@mainstay/kernel/testing'
import {
  DeleteSpendCapRequestSchema,
  GetRoutingSettingsRequestSchema,
  ImportPricesRequestSchema,
  ListPricesRequestSchema,
  ListProviderHealthRequestSchema,
  ListSpendCapsRequestSchema,
  ReportConversionRequestSchema,
  UpdateRoutingSettingsRequestSchema,
  UpdateSpendCapRequestSchema,
} from '@mainstay/proto/notify/v1/routing'
import { createMessages } from '../messages/service.ts'
import { SMTP_SEMANTICS } from '../providers/smtp.ts'
import { testCall } from '../testing/call.ts'
import { useDirectory } from '../testing/directory.ts'
import { queueMessages, TEST_PROJECT } from '../testing/ledger.ts'
import { routingHandlers } from './api.ts'
import { createRoutingService } from './service.ts'
import { createRoutingTables, type RoutingTables } from './table.ts'

describe("routing's methods", () => {
  const directory = useDirectory()
  const pageTokens = createPageTokens(randomBytes(32))
  let tables: RoutingTables
  let handlers: ReturnType<typeof routingHandlers>
  let stop: () => Promise<void>
  let account = ''

  before(async () => {
    const db = await directory.ready()
    const bus = createBus({ connection: directory.connectionString })
    await bus.start()
    tables = createRoutingTables({ db, bus })
    stop = async () => {
      await tables.close()
      await bus.stop()
    }
    const routing = createRoutingService({ db, clock: systemClock, tables })
    const messages = createMessages({ db, clock: systemClock, pageTokens, wake: () => {} })
    handlers = routingHandlers({ db, routing, messages, pageTokens, semanticsOf: () => SMTP_SEMANTICS })
    account = (await directory.add(TEST_PROJECT, directory.smtpAccount())).providerAccountId
  })
  after(() => stop())

  const call = (testMode = false) => testCall({ testMode, method: 'mainstay.notify.v1.Notify/ListPrices' })
  const importPrices = (lines: string[], currency = 'USD', testMode = false) =>
    handlers.importPrices(
      create(ImportPricesRequestSchema, {
        csv: ['account,country,prefix,price', ...lines].join('\n'),
        currency,
      }),
      call(testMode),
    )
  const settings = (
    change: MessageInitShape<typeof UpdateRoutingSettingsRequestSchema>['routingSettings'],
    paths?: string[],
  ) =>
    handlers.updateRoutingSettings(
      create(UpdateRoutingSettingsRequestSchema, {
        routingSettings: change ?? {},
        ...(paths === undefined ? {} : { updateMask: { paths } }),
      }),
      call(),
    )
  const refused = (reason: string) => (error: unknown) => {
    assert.ok(error instanceof AppError)
    assert.equal(error.reason, reason)
    return true
  }

  it('take in a price list all or nothing, replace what the account had, and reach every process', async () => {
    assert.equal((await tables.get(TEST_PROJECT)).prices.isEmpty, true)
    assert.deepEqual(await importPrices([`${account},DE,,0.07`, `${account},,+1415,0.0079`]), {
      priceCount: 2,
      accountCount: 1,
    })
    await waitFor(async () => !(await tables.get(TEST_PROJECT)).prices.isEmpty)
    const stranger = toTypeId('pac', newId())
    await assert.rejects(
      async () => importPrices([`${account},DE,,1`, `${stranger},DE,,1`, `${account},DE,,x`]),
      (error: unknown) => {
        assert.ok(error instanceof AppError)
        assert.equal(error.reason, 'notify.prices_invalid')
        assert.match(error.violations[0]?.description ?? '', /^line 4: /)
        return true
      },
    )
    await assert.rejects(
      async () => importPrices([`${account},DE,,1`, `${stranger},DE,,1`]),
      refused('notify.prices_invalid'),
    )
    await assert.rejects(
      async () => importPrices([`${account},DE,,1`], 'EUR'),
      refused('notify.prices_invalid'),
    )
    await assert.rejects(
      async () => importPrices([`${account},DE,,1`], 'USD', true),
      refused('notify.mode_not_allowed'),
    )
    const listed = await handlers.listPrices(create(ListPricesRequestSchema, { pageSize: 1 }), call())
    assert.equal(listed.currency, 'USD')
    assert.deepEqual(listed.prices, [
      { providerAccountId: account, country: '', prefix: '+1415', priceMicros: 7_900n },
    ])
    const rest = await handlers.listPrices(
      create(ListPricesRequestSchema, { pageSize: 1, pageToken: listed.nextPageToken ?? '' }),
      call(),
    )
    assert.deepEqual(
      rest.prices?.map(({ country }) => country),
      ['DE'],
    )
    assert.equal(rest.nextPageToken, '')
    await importPrices([`${account},,,0.01`])
    const all = await handlers.listPrices(
      create(ListPricesRequestSchema, { providerAccountId: account }),
      call(),
    )
    assert.equal(all.prices?.length, 1)
    await assert.rejects(
      async () =>
        handlers.listPrices(create(ListPricesRequestSchema, { providerAccountId: 'pac_x' }), call()),
      refused('notify.provider_account_not_found'),
    )
  })

  it('set, list and remove caps, and refuse channels and countries that are none', async () => {
    const set = (channel: string, country: string, dailyLimitMicros = 5_000_000n) =>
      handlers.updateSpendCap(
        create(UpdateSpendCapRequestSchema, { spendCap: { channel, country, dailyLimitMicros } }),
        call(),
      )
    await set('CHANNEL_SMS', 'DE')
    const changed = await set('CHANNEL_SMS', 'DE', 7_000_000n)
    assert.equal(changed.dailyLimitMicros, 7_000_000n)
    await set('', '')
    await assert.rejects(async () => set('CHANNEL_PIGEON', ''), refused('notify.routing_invalid'))
    await assert.rejects(async () => set('CHANNEL_SMS', 'XX'), refused('notify.routing_invalid'))
    const list = async () =>
      (await handlers.listSpendCaps(create(ListSpendCapsRequestSchema), call())).spendCaps?.map(
        ({ channel, country }) => [channel, country],
      )
    assert.deepEqual(await list(), [
      ['', ''],
      ['CHANNEL_SMS', 'DE'],
    ])
    await waitFor(async () => (await tables.get(TEST_PROJECT)).hasCaps)
    for (let i = 0; i < 2; i++) {
      await handlers.deleteSpendCap(create(DeleteSpendCapRequestSchema, { channel: '', country: '' }), call())
    }
    assert.deepEqual(await list(), [['CHANNEL_SMS', 'DE']])
  })

  it('stop a project and let it go on, and pin accounts that are its own', async () => {
    const pin = { channel: 'CHANNEL_EMAIL', country: '', providerAccountId: account, exclusive: true }
    await settings({ stopped: true, stopReason: 'a wrong campaign', pins: [pin] })
    await waitFor(async () => (await tables.get(TEST_PROJECT)).stopped?.reason === 'a wrong campaign')
    await settings({ stopped: false }, ['stopped'])
    const read = await handlers.getRoutingSettings(create(GetRoutingSettingsRequestSchema), call())
    assert.equal(read.stopped, false)
    assert.deepEqual(read.pins, [pin])
    await assert.rejects(async () => settings({}, ['currency']), refused('notify.routing_invalid'))
    const foreign = { ...pin, providerAccountId: toTypeId('pac', newId()) }
    await assert.rejects(
      async () => settings({ pins: [foreign] }, ['pins']),
      refused('notify.provider_account_not_found'),
    )
  })

  it('tell how accounts fare, and take the word that a code was used', async () => {
    const health = await handlers.listProviderHealth(create(ListProviderHealthRequestSchema), call())
    assert.ok(health.accounts?.some(({ providerAccountId }) => providerAccountId === account))
    const [id = ''] = await queueMessages(directory.db, [{}])
    const report = (messageId: string) =>
      handlers.reportConversion(create(ReportConversionRequestSchema, { messageId }), call())
    assert.deepEqual(await report(toTypeId('msg', id)), {})
    await report(toTypeId('msg', id))
    await assert.rejects(async () => report('msg_x'), refused('notify.message_not_found'))
  })

  it('change an account’s part in routing with the account, and break the sandbox', async () => {
    const changed = await directory.change(TEST_PROJECT, {
      providerAccountId: account,
      routing: { messagesPerSecond: 5, countries: ['DE'], weight: 2 },
    })
    assert.equal(changed.routing?.messagesPerSecond, 5)
    assert.deepEqual(changed.routing?.countries, ['DE'])
    const drained = await directory.change(
      TEST_PROJECT,
      { providerAccountId: account, routing: { drained: true } },
      ['routing.drained'],
    )
    assert.equal(drained.routing?.drained, true)
    assert.equal(drained.routing?.weight, 2, 'what the mask does not name stays')
    await assert.rejects(
      directory.change(TEST_PROJECT, { providerAccountId: account, routing: { countries: ['XX'] } }),
      refused('notify.provider_config_invalid'),
    )
    await directory.directory.candidates(TEST_PROJECT, false, 'sms')
    const sandbox = (await directory.list(TEST_PROJECT)).find(({ config }) => config.case === 'sandbox')
    const id = sandbox?.providerAccountId ?? ''
    const broken = await directory.change(TEST_PROJECT, {
      providerAccountId: id,
      config: { case: 'sandbox', value: { broken: true } },
    })
    assert.ok(broken.config.case === 'sandbox' && broken.config.value.broken)
    const [candidate] = await directory.directory.candidates(TEST_PROJECT, false, 'sms')
    const client = await directory.directory.clientFor(TEST_PROJECT, candidate?.providerAccountId ?? '')
    assert.equal((await client.verify()).ok, false)
    const mended = await directory.change(
      TEST_PROJECT,
      { providerAccountId: id, config: { case: 'sandbox', value: { broken: false } } },
      ['sandbox.broken'],
    )
    assert.ok(mended.config.case === 'sandbox' && !mended.config.value.broken)
  })
})
