import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { skipUnless } from '@mainstay/kernel/testing'
import { assertAccessible, settled, useConsole } from './console-browser.ts'

const skip = skipUnless('chromium')

describe('people in a real browser', { skip }, () => {
  const mainstay = useConsole()

  test('where nobody is yet, one press makes somebody to look at', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/recipients`)
    await page.getByRole('heading', { name: 'No recipients yet' }).waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Add Ada as an example' }).click()
    await page.getByRole('table', { name: 'Recipients' }).getByText('ada@example.com').waitFor()
    await page.goto(`${url}/topics`)
    await page.getByRole('heading', { name: 'No topics yet' }).waitFor()
    await assertAccessible(page)
    await page.goto(`${url}/segments`)
    await page.getByRole('heading', { name: 'No segments yet' }).waitFor()
    await assertAccessible(page)
  })

  test('a person opens beside the list, with devices, topics and what they were told', async () => {
    const { page, url, call } = mainstay
    await call('POST', '/v1/recipients:batchUpdate', {
      recipients: [
        {
          recipientId: 'grace',
          displayName: 'Grace Hopper',
          email: 'grace@example.com',
          phone: '+1 415 555 0100',
          locale: 'en-US',
          timezone: 'America/New_York',
          attributes: { plan: 'pro', seats: 5 },
          endpoints: [{ deviceToken: 'token-of-grace', platform: 'DEVICE_PLATFORM_IOS' }],
        },
        ...Array.from({ length: 300 }, (_, n) => ({
          recipientId: `user-${String(n).padStart(3, '0')}`,
          attributes: { plan: n % 3 === 0 ? 'pro' : 'free' },
        })),
      ],
    })
    await call('POST', '/v1/topics', { topic: 'weekly-news', displayName: 'Weekly news' })
    await call('POST', '/v1/topics/weekly-news/members:add', { recipientIds: ['grace', 'user-000'] })
    await call('POST', '/v1/notifications', {
      to: { recipientId: 'grace' },
      email: { subject: 'Your nanosecond', text: 'Hello' },
    })
    await page.goto(`${url}/recipients`)
    const table = page.getByRole('table', { name: 'Recipients' })
    await table.getByText('grace@example.com').waitFor()
    await settled(page)
    await assertAccessible(page)
    await page.getByRole('searchbox').fill('gra')
    await page.getByRole('searchbox').press('Enter')
    await page.waitForURL(/text=gra/)
    await table.getByText('user-000').waitFor({ state: 'detached' })
    await table.getByRole('link', { name: 'grace', exact: true }).click()
    await page.waitForURL(/recipients\/grace\?text=gra/)
    const panel = page.getByRole('complementary', { name: 'Recipient' })
    for (const text of [
      '+14155550100',
      'America/New_York',
      'Apple device',
      'token-of-grace',
      'weekly-news',
      '"seats"',
    ]) {
      await panel.getByText(text).first().waitFor()
    }
    await panel.getByRole('link', { name: 'Your nanosecond' }).waitFor()
    await settled(page)
    await assertAccessible(page)
    await panel.getByRole('button', { name: /Remove Apple device/ }).click()
    await panel.getByText('No devices and no further addresses').waitFor()
    await panel.getByRole('link', { name: 'All messages' }).click()
    await page.waitForURL(/messages\?recipient=grace/)
    await page.getByRole('table', { name: 'Messages' }).getByText('Your nanosecond').waitFor()
  })

  test('a topic is made, leads to its members, and goes once its id is typed', async () => {
    const { page, url, call } = mainstay
    await page.goto(`${url}/topics`)
    const table = page.getByRole('table', { name: 'Topics' })
    await table.getByRole('cell', { name: '2', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Create topic' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Create topic' }).click()
    await dialog.getByText('Give it an id').waitFor()
    await dialog.getByLabel('Id').fill('Not An Id')
    await dialog.getByRole('button', { name: 'Create topic' }).click()
    await dialog.getByRole('alert').waitFor()
    await dialog.getByLabel('Id').fill('offers')
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Create topic' }).click()
    await dialog.waitFor({ state: 'detached' })
    await table.getByRole('link', { name: 'offers' }).waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Delete offers' }).click()
    await dialog.getByLabel(/Type/).fill('offers')
    await dialog.getByRole('button', { name: 'Delete topic' }).click()
    await table.getByRole('link', { name: 'offers' }).waitFor({ state: 'detached' })
    await table.getByRole('link', { name: 'Weekly news' }).click()
    await page.waitForURL(/recipients\?topic=weekly-news/)
    await page.getByRole('table', { name: 'Recipients' }).getByText('user-000').waitFor()
    const { topics } = await call('GET', '/v1/topics')
    assert.equal((topics as unknown[]).length, 1)
  })

  test('a segment shows whom it describes while its rule is written, and is saved and changed', async () => {
    const { page, url, call } = mainstay
    await page.goto(`${url}/segments/new`)
    await page.getByText('Complete every condition').waitFor()
    await page.getByLabel('Id').fill('paying')
    await page.getByLabel('Path of the attribute').fill('plan')
    await page.getByRole('textbox', { name: 'Value' }).fill('pro')
    const count = page.getByRole('status').filter({ hasText: /recipient/ })
    // Ada, Grace, and a hundred of the others.
    await count.getByText('102').waitFor()
    await page.getByRole('button', { name: 'Add condition' }).click()
    await page.getByLabel('About').last().selectOption({ label: 'Topic' })
    await page.getByLabel('Topic', { exact: true }).selectOption({ label: 'Weekly news' })
    await count.getByText('2', { exact: true }).waitFor()
    await page.getByRole('list', { name: 'Some of them' }).getByText('Grace Hopper').waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Save segment' }).click()
    await page.waitForURL(/segments\/paying\?mode=test$/)
    assert.deepEqual((await call('GET', '/v1/segments/paying')).rule, {
      all: [{ field: 'attributes.plan', op: 'eq', value: 'pro' }, { topic: 'weekly-news' }],
    })
    await page.getByRole('button', { name: 'Remove condition' }).last().click()
    await count.getByText('102').waitFor()
    await page.getByRole('button', { name: 'Save segment' }).click()
    await page.getByText('paying is saved.').first().waitFor()
    await page.goto(`${url}/recipients?segment=paying`)
    const table = page.getByRole('table', { name: 'Recipients' })
    await table.getByText('user-003').waitFor()
    assert.equal(await table.getByText('user-001').count(), 0)
    await page.goto(`${url}/segments`)
    await page.getByRole('table', { name: 'Segments' }).getByRole('link', { name: 'paying' }).waitFor()
    await assertAccessible(page)
  })
})
