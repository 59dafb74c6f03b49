import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { skipUnless } from '@mainstay/kernel/testing'
import { assertAccessible, useConsole } from './console-browser.ts'

const skip = skipUnless('chromium')

describe('providers in a real browser', { skip }, () => {
  const mainstay = useConsole()

  test('an account at a service is found, filled in from what its kind declares, and added', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/providers/new`)
    const panel = page.getByRole('complementary', { name: 'Provider account' })
    await panel.getByRole('searchbox', { name: 'Search providers' }).fill('sms twilio')
    await panel.getByText('Delivery reports').first().waitFor()
    await assertAccessible(page)
    await panel.getByRole('link', { name: 'Twilio (SMS)' }).click()
    await page.waitForURL(/[?&]kind=twilio_sms(&|$)/)
    await panel.getByText('No idempotency key.').waitFor()
    const documentation = panel.getByRole('link', { name: 'Documentation' })
    assert.match((await documentation.getAttribute('href')) ?? '', /^https:\/\/www\.twilio\.com\//)
    await panel.getByLabel('Account SID').fill('wrong')
    await panel.getByLabel('Sender', { exact: true }).fill('+14155550100')
    await panel.getByRole('button', { name: 'Add provider' }).click()
    const sid = panel.getByLabel('Account SID')
    await panel
      .getByText(/Does not look right/)
      .first()
      .waitFor()
    assert.equal(await sid.getAttribute('aria-invalid'), 'true')
    await sid.fill(`AC${'0'.repeat(32)}`)
    const token = panel.getByLabel(/^Auth token/)
    assert.equal(await token.getAttribute('type'), 'password')
    await token.fill('a'.repeat(32))
    await assertAccessible(page)
    await panel.getByRole('button', { name: 'Add provider' }).click()
    const row = page.getByRole('row', { name: /Twilio \(SMS\)/ })
    await row.getByText('SMS', { exact: true }).waitFor()
    await row.getByText('+14155550100').waitFor()
  })

  test('a stored secret is said to be stored, never shown, and kept when its field stays empty', async () => {
    const { page, url, call } = mainstay
    await page.goto(`${url}/providers`)
    await page.getByRole('link', { name: 'Twilio (SMS)' }).click()
    const panel = page.getByRole('complementary', { name: 'Provider account' })
    await panel.getByText('Stored.').waitFor()
    await panel.getByText(/MAINSTAY_PUBLIC_URL/).waitFor()
    assert.equal(await panel.getByLabel(/^Auth token/).inputValue(), '')
    await assertAccessible(page)
    await panel.getByLabel('Name', { exact: true }).fill('Texts')
    await panel.getByRole('button', { name: 'Save changes' }).click()
    await page.getByRole('row', { name: /Texts/ }).waitFor()
    const { providerAccounts } = (await call('GET', '/v1/provider-accounts')) as {
      providerAccounts: { displayName: string; service?: { storedSecrets: string[]; settings: object } }[]
    }
    const texts = providerAccounts.find(({ displayName }) => displayName === 'Texts')
    assert.deepEqual(texts?.service?.storedSecrets, ['authToken'])
    assert.partialDeepStrictEqual(texts?.service?.settings, { accountSid: `AC${'0'.repeat(32)}` })
  })

  test('a pasted key of several lines keeps its lines, masked', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/providers/new?kind=fcm`)
    const panel = page.getByRole('complementary', { name: 'Provider account' })
    const field = panel.getByLabel('Service account')
    const key = '{\n  "private_key": "x"\n}'
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(key)})`)
    await field.press('Control+V')
    const area = panel.locator('textarea')
    await area.waitFor()
    assert.equal(await area.inputValue(), key)
    assert.match((await area.getAttribute('style')) ?? '', /-webkit-text-security: disc/)
  })
})
