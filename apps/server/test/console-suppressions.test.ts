import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { skipUnless } from '@mainstay/kernel/testing'
import { assertAccessible, useConsole } from './console-browser.ts'

const skip = skipUnless('chromium')

describe('suppressions in a real browser', { skip }, () => {
  const mainstay = useConsole()

  test('an address is suppressed with a reason, and a message to it ends as suppressed', async () => {
    const { page, url, call } = mainstay
    await page.goto(`${url}/suppressions`)
    await page.getByText('Nothing is suppressed').waitFor()
    await page.getByRole('button', { name: 'Suppress an address' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Suppress address' }).click()
    await dialog.getByText('Say which address.').waitFor()
    await dialog.getByLabel('Address').fill('Gone@example.com')
    await dialog.getByLabel('Reason').fill('Asked by phone')
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Suppress address' }).click()
    const row = page.getByRole('row', { name: /gone@example\.com/i })
    await row.getByText('Asked by phone').waitFor()
    await row.getByText('By hand').waitFor()
    const sent = await call('POST', '/v1/notifications', {
      to: { email: 'gone@example.com' },
      email: { subject: 'Hello', text: 'x' },
    })
    const message = await call('GET', `/v1/messages/${(sent.messageIds as string[])[0]}`)
    assert.equal(message.state, 'MESSAGE_STATE_SUPPRESSED')
  })

  test('a look-up is by the whole address, by channel and by reason, and stands in the page’s own', async () => {
    const { page, url, call } = mainstay
    await call('POST', '/v1/suppressions', {
      channel: 'CHANNEL_SMS',
      address: '+491701234567',
      detail: 'No longer in use',
    })
    await page.goto(`${url}/suppressions`)
    const table = page.getByRole('table', { name: 'Suppressions' })
    await table.getByText('+491701234567').waitFor()
    await assertAccessible(page)
    await page.getByLabel('Channel').selectOption({ label: 'SMS' })
    await page.waitForURL(/channel=sms/)
    await table.getByText(/gone@example/i).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Clear' }).click()
    const search = page.getByRole('searchbox', { name: 'Look up an address' })
    await search.fill('GONE@example.com')
    await search.press('Enter')
    await table.getByText('+491701234567').waitFor({ state: 'detached' })
    await page.goto(`${url}/suppressions?reason=bounced`)
    await page.getByText('No suppression matches').waitFor()
  })

  test('what is removed is asked about once, with what stands behind it', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/suppressions`)
    await page.getByRole('button', { name: 'Remove +491701234567' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('It was added by hand.').waitFor()
    await dialog.getByRole('button', { name: 'Remove suppression' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('cell', { name: '+491701234567' }).waitFor({ state: 'detached' })
  })
})
