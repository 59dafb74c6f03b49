import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { skipUnless } from '@mainstay/kernel/testing'
import { assertAccessible, useConsole } from './console-browser.ts'

const skip = skipUnless('chromium')

describe('preferences in a real browser', { skip }, () => {
  const mainstay = useConsole()

  test('a category is created with a cap, is corrected, and says what people get', async () => {
    const { page, url, call } = mainstay
    await page.goto(`${url}/preferences`)
    await page.getByText('No categories yet').waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Create category' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Create category' }).click()
    await dialog.getByText('Give it a name, such as offers.').waitFor()
    await dialog.getByLabel('Name').fill('offers')
    await dialog.getByLabel('What people read').fill('Offers')
    await dialog.getByLabel('Most in a day').fill('0')
    await dialog.getByRole('button', { name: 'Create category' }).click()
    await dialog.getByText('Use a number from 1 to 1,000, or leave it empty.').waitFor()
    await dialog.getByLabel('Most in a day').fill('2')
    await dialog.getByRole('checkbox', { name: 'SMS' }).click()
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Create category' }).click()
    const row = page.getByRole('row', { name: /Offers/ })
    await row.getByText('Off: SMS').waitFor()
    await row.getByText('2 a day').waitFor()
    await call('POST', '/v1/categories', { name: 'security', displayName: 'Security', mandatory: true })
    await row.getByRole('button', { name: 'Edit Offers' }).click()
    await dialog.getByLabel('Most in a week').fill('5')
    await dialog.getByRole('button', { name: 'Save changes' }).click()
    await row.getByText('2 a day, 5 a week').waitFor()
    await page
      .getByRole('row', { name: /Security/ })
      .getByText('Always on')
      .waitFor()
  })

  test('a person is looked up by id, and a switch holds at once', async () => {
    const { page, url, call } = mainstay
    await call('PUT', '/v1/recipients/ada', { email: 'ada@example.com' })
    await page.goto(`${url}/preferences`)
    await page.getByRole('searchbox', { name: "Recipient's id" }).fill('ada')
    await page.getByRole('button', { name: 'Look up' }).click()
    const email = page.getByRole('switch', { name: 'Offers, Email' })
    await email.waitFor()
    await page.getByText('Nothing decided').waitFor()
    await email.click()
    await page.getByText('1 decision').waitFor()
    await page.getByText('by an app or operator').waitFor()
    await assertAccessible(page)
    const sent = await call('POST', '/v1/notifications', {
      to: { recipientId: 'ada' },
      category: 'offers',
      email: { subject: 'Hello', text: 'x' },
    })
    const message = await call('GET', `/v1/messages/${(sent.messageIds as string[])[0]}`)
    assert.equal(message.state, 'MESSAGE_STATE_SKIPPED')
  })

  test('quiet hours are set by clock and day; a zone that is none is refused at its field', async () => {
    const { page, url, call } = mainstay
    await page.goto(`${url}/preferences`)
    await page.getByRole('button', { name: 'Add quiet hours' }).click()
    await page.getByLabel('Quiet hours 1 from').fill('21:30')
    await page.getByRole('button', { name: 'Sun' }).click()
    const zone = page.getByLabel('Time zone')
    await zone.fill('Mars/Olympus')
    const save = page.getByRole('button', { name: 'Save quiet hours and caps' })
    await save.click()
    await page.getByText('Is not a time zone of the IANA database, such as Europe/Berlin.').waitFor()
    await zone.fill('Europe/Berlin')
    await save.click()
    await page.getByText('Saved. It holds for what is sent from now on').waitFor()
    await assertAccessible(page)
    const settings = await call('GET', '/v1/contact-settings')
    assert.equal(settings.timezone, 'Europe/Berlin')
    assert.deepEqual(settings.quietHours, [{ start: '21:30', end: '07:00', days: [1, 2, 3, 4, 5, 6] }])
  })
})
