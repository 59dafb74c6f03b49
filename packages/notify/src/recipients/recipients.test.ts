import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { useTestDatabase } from '@mainstay/kernel/testing'
import {
  GetRecipientRequestSchema,
  type Recipient,
  RecipientSchema,
  UpdateRecipientRequestSchema,
} from '@mainstay/proto/notify/v1'
import { DevicePlatform, EndpointSchema } from '@mainstay/proto/notify/v1/endpoints'
import { testCall } from '../testing/call.ts'
import { ledgerMigrations } from '../testing/ledger.ts'
import { testRecipients } from '../testing/people.ts'
import { recipientHandlers } from './api.ts'

type RecipientInit = MessageInitShape<typeof RecipientSchema>

describe('a recipient', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  afterEach(() => database.db.query({ text: 'TRUNCATE notify.recipients CASCADE' }))

  const handlers = () => recipientHandlers(testRecipients(database.db))
  const update = async (recipient: RecipientInit, paths?: string[]) =>
    create(
      RecipientSchema,
      await handlers().updateRecipient(
        create(UpdateRecipientRequestSchema, { recipient, ...(paths && { updateMask: { paths } }) }),
        testCall(),
      ),
    )
  const get = async (recipientId: string) =>
    create(
      RecipientSchema,
      await handlers().getRecipient(create(GetRecipientRequestSchema, { recipientId }), testCall()),
    )
  const device = (value: string, platform = DevicePlatform.ANDROID) =>
    create(EndpointSchema, { address: { case: 'deviceToken', value }, platform })
  const addresses = (recipient: Pick<Recipient, 'endpoints'>) =>
    recipient.endpoints.map(({ address }) => address.value)

  it('is stored in the forms that others can reckon with', async () => {
    const attributes = {
      plan: 'pro',
      seats: 5,
      tags: ['beta', 'vip'],
      trial: false,
      address: { city: 'Bonn' },
    }
    await update({
      recipientId: 'ada',
      email: 'Ada@bücher.example',
      displayName: 'Ada Lovelace',
      phone: '+49 (0)170 / 123 45-67',
      locale: 'PT-br',
      timezone: 'europe/berlin',
      attributes,
      endpoints: [{ address: { case: 'phone', value: '+1 (415) 555-0100' }, verified: true }],
    })
    const ada = await get('ada')
    assert.deepEqual(
      [ada.email, ada.displayName, ada.phone, ada.locale, ada.timezone],
      ['Ada@xn--bcher-kva.example', 'Ada Lovelace', '+491701234567', 'pt-BR', 'Europe/Berlin'],
    )
    assert.deepEqual(ada.attributes, attributes)
    assert.deepEqual(addresses(ada), ['+14155550100'])
    assert.match(ada.endpoints[0]?.endpointId ?? '', /^ept_[0-9a-z]{26}$/)
    assert.equal(ada.endpoints[0]?.verified, true)
  })

  it('takes old names of time zones, and what is none is told by its field, with all else that is wrong', async () => {
    const { timezone } = await update({ recipientId: 'ada', timezone: 'US/Pacific' })
    const { rows } = await database.db.query<{ hour: Date }>({
      text: 'SELECT now() AT TIME ZONE $1 AS hour',
      values: [timezone],
    })
    assert.equal(rows.length, 1)
    for (const name of [
      'Mars/Olympus',
      '+02:00',
      'UTC+2',
      'posixrules',
      'Europe/Berlin; x',
      'EST5EDT4,M3.2.0,M11.1.0',
    ]) {
      await assert.rejects(
        update({
          recipientId: 'ada',
          email: 'a b@example.com',
          phone: '+49 1',
          locale: 'abcdefghi-',
          timezone: name,
          attributes: { name: '\ud800' },
          endpoints: [{ address: { case: 'deviceToken', value: 'token' } }],
        }),
        (error: { reason: string; violations: { field: string }[] }) => {
          assert.equal(error.reason, 'notify.request_invalid')
          assert.deepEqual(
            error.violations.map(({ field }) => field),
            ['email', 'phone', 'locale', 'timezone', 'attributes.name', 'endpoints[0].platform'].map(
              (field) => `recipient.${field}`,
            ),
          )
          return true
        },
        name,
      )
    }
  })

  it('is told when attributes are too many or too deep', async () => {
    const deep = (levels: number): NonNullable<RecipientInit['attributes']> =>
      levels === 1 ? { end: true } : { next: deep(levels - 1) }
    await update({ recipientId: 'ada', attributes: deep(8) })
    await assert.rejects(update({ recipientId: 'ada', attributes: deep(9) }), {
      reason: 'notify.request_invalid',
    })
    await assert.rejects(update({ recipientId: 'ada', attributes: { text: 'x'.repeat(16_384) } }), {
      reason: 'notify.request_invalid',
      violations: [{ field: 'recipient.attributes', description: 'must be at most 16384 bytes of JSON' }],
    })
  })

  it('changes the fields of the mask and no others', async () => {
    await update({
      recipientId: 'ada',
      email: 'ada@example.com',
      displayName: 'Ada',
      attributes: { plan: 'pro' },
    })
    const changed = await update({ recipientId: 'ada', displayName: 'Ada L.' }, ['display_name'])
    assert.deepEqual(
      [changed.email, changed.displayName, changed.attributes],
      ['ada@example.com', 'Ada L.', { plan: 'pro' }],
    )
    const replaced = await update({ recipientId: 'ada', email: 'ada@example.org' })
    assert.deepEqual([replaced.email, replaced.displayName, replaced.attributes], ['ada@example.org', '', {}])
    await assert.rejects(update({ recipientId: 'ada' }, ['create_time']), {
      reason: 'notify.request_invalid',
      violations: [
        {
          field: 'updateMask',
          description: 'must only name email, display_name, phone, locale, timezone, attributes',
        },
      ],
    })
  })

  it('keeps its endpoints when it is replaced, and a device goes to whoever signed in on it last', async () => {
    await update({
      recipientId: 'ada',
      endpoints: [device('phone-1'), device('tablet-1', DevicePlatform.IOS)],
    })
    const [first] = (await update({ recipientId: 'ada', endpoints: [device('phone-1')] })).endpoints
    assert.deepEqual(addresses(await update({ recipientId: 'ada' })), ['phone-1', 'tablet-1'])
    await update({ recipientId: 'grace', endpoints: [device('phone-1')] })
    assert.deepEqual(addresses(await get('ada')), ['tablet-1'])
    const [taken] = (await get('grace')).endpoints
    assert.notEqual(taken?.endpointId, first?.endpointId)
  })

  it('keeps the fifty devices seen last', async () => {
    const names = Array.from({ length: 54 }, (_, n) => `token-${n}`)
    for (const name of names) await update({ recipientId: 'ada', endpoints: [device(name)] })
    assert.deepEqual(addresses(await get('ada')), names.slice(4).reverse())
  })

  it('is one recipient however many calls store it at once', async () => {
    const names = Array.from({ length: 50 }, (_, n) => `Ada ${n}`)
    const stored = await Promise.all(
      names.map((displayName, n) =>
        update({
          recipientId: 'ada',
          displayName,
          attributes: { n },
          endpoints: [device('same'), device(`own-${n % 5}`)],
        }),
      ),
    )
    assert.deepEqual(new Set(stored.map(({ displayName }) => displayName)), new Set(names))
    const ada = await get('ada')
    assert.equal(ada.displayName, `Ada ${String(ada.attributes?.n)}`)
    assert.deepEqual(addresses(ada).toSorted(), ['own-0', 'own-1', 'own-2', 'own-3', 'own-4', 'same'])
  })

  it('that is not there has its reason', async () => {
    await assert.rejects(get('nobody'), { code: 'not_found', reason: 'notify.recipient_not_found' })
  })
})
