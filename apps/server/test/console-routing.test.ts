import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { skipUnless, waitFor } from '@mainstay/kernel/testing'
import { assertAccessible, useConsole } from './console-browser.ts'

const skip = skipUnless('chromium')

describe('routing in a real browser', { skip }, () => {
  const mainstay = useConsole()

  async function send(subject: string): Promise<string> {
    const { messageIds } = await mainstay.call('POST', '/v1/notifications', {
      to: { email: 'ada@example.com' },
      email: { subject, text: 'x' },
    })
    return (messageIds as string[])[0] ?? ''
  }
  const stateOf = async (id: string) => (await mainstay.call('GET', `/v1/messages/${id}`)).state

  test('says how accounts fare, and while nothing is decided what decides', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/routing`)
    const accounts = page.getByRole('table', { name: 'Accounts' })
    await accounts.getByRole('row', { name: /Sandbox mailbox.*Takes messages.*no limit.*none/ }).waitFor()
    await page.getByText('Nothing is capped.', { exact: false }).waitFor()
    await page.getByText('Nothing is pinned', { exact: false }).waitFor()
    await page.getByText('No prices yet.', { exact: false }).waitFor()
    await assertAccessible(page)
  })

  test('a price list is taken in whole or not at all, and says which line is wrong', async () => {
    const { page, call } = mainstay
    const { providerAccounts } = (await call('GET', '/v1/provider-accounts')) as {
      providerAccounts: { displayName: string; providerAccountId: string }[]
    }
    const id = providerAccounts.find(
      ({ displayName }) => displayName === 'Sandbox mailbox',
    )?.providerAccountId
    await page.getByRole('button', { name: 'Import prices' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Price list').fill(`account,country,prefix,price\n${id},,,free`)
    await dialog.getByRole('button', { name: 'Import prices' }).click()
    await dialog
      .getByText(/line 2/i)
      .first()
      .waitFor()
    await assertAccessible(page)
    await dialog.getByLabel('Price list').fill(`account,country,prefix,price\n${id},,,0.5`)
    await dialog.getByRole('button', { name: 'Import prices' }).click()
    await page.getByRole('table', { name: 'Prices' }).getByText('0.50 USD').waitFor()
  })

  test('a cap is set, used up, shown on Home, and removed', async () => {
    const { page, url } = mainstay
    await page.getByRole('button', { name: 'Set a cap' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Channel').selectOption({ label: 'Email' })
    await dialog.getByRole('button', { name: 'Set cap' }).click()
    await dialog.getByText(/Write an amount/).waitFor()
    await dialog.getByLabel('Amount a day').fill('0.5')
    await dialog.getByRole('button', { name: 'Set cap' }).click()
    const caps = page.getByRole('list', { name: 'Spend caps' })
    await caps.getByText('0.00 of 0.50 USD').waitFor()
    const first = await send('Fits')
    await waitFor(async () => (await stateOf(first)) === 'MESSAGE_STATE_DELIVERED', { what: 'the first' })
    await caps.getByText('0.50 of 0.50 USD').waitFor()
    await caps.getByText(/^Used up/).waitFor()
    const second = await send('Does not fit')
    await page.goto(`${url}/`)
    await page
      .getByRole('list', { name: 'Alerts' })
      .getByText(/Email: today’s cap is spent/)
      .waitFor()
    await assertAccessible(page)
    await page.goto(`${url}/routing`)
    await page.getByRole('button', { name: 'Remove the cap of Email' }).click()
    await page.getByText('Nothing is capped.', { exact: false }).waitFor()
    assert.notEqual(await stateOf(second), 'MESSAGE_STATE_FAILED')
  })

  test('an account is pinned, and the pin removed', async () => {
    const { page } = mainstay
    await page.getByRole('button', { name: 'Pin an account' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Country').fill('de')
    await dialog.getByLabel('Account', { exact: true }).selectOption({ label: 'Sandbox mailbox (test)' })
    await dialog.getByLabel('No other account').click()
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Pin account' }).click()
    const pins = page.getByRole('list', { name: 'Pins' })
    await pins.getByText('All messages to DE').waitFor()
    await pins.getByText(/Messages wait for it/).waitFor()
    await pins.getByRole('button', { name: /^Remove the pin/ }).click()
    await page.getByText('Nothing is pinned', { exact: false }).waitFor()
  })

  test('the kill switch stops everything with its reason, and lets it go on', async () => {
    const { page } = mainstay
    await page.getByRole('button', { name: 'Stop all sending…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('a wrong campaign')
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Stop all sending' }).click()
    await page.getByText('Stopped: a wrong campaign').waitFor()
    const waiting = await send('Waits')
    await waitFor(
      async () => {
        const { statusDetail } = await mainstay.call('GET', `/v1/messages/${waiting}`)
        return String(statusDetail).includes('a wrong campaign')
      },
      { what: 'the message to say why it waits' },
    )
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByRole('button', { name: 'Stop all sending…' }).waitFor()
  })

  test('a broken sandbox rests, is said to, and works again; a drained one gets nothing', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/providers`)
    await page.getByRole('link', { name: 'Sandbox mailbox' }).click()
    const now = page.getByRole('region', { name: 'Right now' })
    await now.getByText('Takes messages').waitFor()
    await now.getByRole('switch', { name: 'Break Sandbox mailbox' }).click()
    await page.getByText(/refuses every message now/).waitFor()
    await send('To a broken one')
    await now.getByText('Rests').waitFor()
    await assertAccessible(page)
    await now.getByRole('switch', { name: 'Break Sandbox mailbox', checked: true }).click()
    await now.getByRole('switch', { name: 'Break Sandbox mailbox', checked: false }).waitFor()
    await now.getByText('Takes messages').waitFor()
    await now.getByRole('switch', { name: 'Drain Sandbox mailbox' }).click()
    await now.getByText('Drained', { exact: true }).first().waitFor()
    await page.getByText(/gets no new messages\.$/).waitFor()
  })
})
