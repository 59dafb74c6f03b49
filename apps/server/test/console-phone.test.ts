import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { skipUnless, waitFor } from '@mainstay/kernel/testing'
import { assertAccessible, useConsole } from './console-browser.ts'

const skip = skipUnless('chromium')

describe('the sandbox phone in a real browser', { skip }, () => {
  const mainstay = useConsole()

  test('while it is empty it shows how to fill it, channel by channel', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/phone`)
    await page.getByRole('heading', { name: 'No SMS or WhatsApp yet' }).waitFor()
    await page.getByText(/"sms": /).waitFor()
    await page.getByRole('radio', { name: 'Webhooks' }).click()
    await page.getByText(/"webhook": /).waitFor()
    await assertAccessible(page)
  })

  test('a test of each channel is sent from the dialog and watched until it is delivered', async () => {
    const { page, url } = mainstay
    for (const channel of ['SMS', 'WhatsApp', 'Push', 'Inbox', 'Chat', 'Webhook']) {
      await page.goto(`${url}/messages`)
      await page.getByRole('button', { name: 'Send a test' }).first().click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Channel').selectOption({ label: channel })
      await dialog.getByRole('button', { name: 'Send test' }).click()
      const timeline = page.getByRole('region', { name: 'Timeline' })
      await timeline
        .getByText(/^Delivered/)
        .first()
        .waitFor()
      await page.getByRole('region', { name: 'Details' }).getByText(channel, { exact: true }).waitFor()
    }
  })

  test('what the server refuses stands at the field of the dialog that it is about', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/messages`)
    await page.getByRole('button', { name: 'Send a test' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Channel').selectOption({ label: 'SMS' })
    const phone = dialog.getByLabel('Phone number')
    await phone.fill('0170 1234567')
    await dialog.getByRole('button', { name: 'Send test' }).click()
    await waitFor(async () => (await phone.getAttribute('aria-invalid')) === 'true', {
      what: 'the word at the phone number',
    })
    await assertAccessible(page)
  })

  test('conversations, pushes, posts and webhooks show where they belong, and new ones by themselves', async () => {
    const { page, url, call } = mainstay
    await page.goto(`${url}/phone`)
    await page.getByRole('button', { name: /Mainstay sandbox.*SMS/ }).click()
    const thread = page.getByRole('list', { name: 'From Mainstay sandbox' })
    await thread.getByText(/Your code is/).waitFor()
    await call('POST', '/v1/notifications', {
      to: { phone: '+447700900123' },
      sms: { text: 'Came in by itself' },
    })
    await thread.getByText('Came in by itself').waitFor()
    await assertAccessible(page)
    await page.getByRole('radio', { name: 'Lock screen' }).click()
    await page.getByRole('list', { name: 'Notifications' }).getByText('On its way').waitFor()
    await assertAccessible(page)
    await page.getByRole('radio', { name: 'Inbox' }).click()
    const items = page.getByRole('list', { name: 'Inbox items' })
    await items.getByText('Your order has shipped').waitFor()
    await call('POST', '/v1/notifications', {
      to: { recipientId: 'ada' },
      inbox: {
        title: 'Your card expires soon',
        severity: 'INBOX_SEVERITY_WARNING',
        actionUrl: '/cards',
        actionLabel: 'Renew',
      },
    })
    await items.getByText('Your card expires soon').waitFor()
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/phone.png` })
    await assertAccessible(page)
    await page.getByRole('radio', { name: 'Chat' }).click()
    await page
      .getByRole('list', { name: 'Chat posts' })
      .getByText(/has shipped/)
      .waitFor()
    await page.getByRole('radio', { name: 'Webhooks' }).click()
    await page.getByRole('list', { name: 'Webhooks' }).getByText('"orderId":').waitFor()
    await assertAccessible(page)
    await page.getByRole('link', { name: /^Timeline of the message/ }).click()
    await page.waitForURL(/\/messages\/msg_/)
    await page.getByRole('link', { name: 'See it on the phone' }).click()
    await page.waitForURL(/view=webhooks&message=msg_/)
    await page.getByText('order.shipped').first().waitFor()
  })

  test('a search narrows it down, and emptying it takes the name of the project', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/phone`)
    await page.getByRole('searchbox', { name: 'Search the phone' }).fill('BY ITSELF')
    await page.getByRole('list', { name: 'From Mainstay sandbox' }).waitFor()
    await page.getByRole('searchbox', { name: 'Search the phone' }).fill('nowhere')
    await page.getByText('Nothing matches').waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.getByRole('button', { name: 'Empty phone' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox').fill('default')
    await dialog.getByRole('button', { name: 'Empty phone' }).click()
    await page.getByRole('heading', { name: 'No SMS or WhatsApp yet' }).waitFor()
  })

  test('messages are filtered by channel, in the address and from the menu', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/messages?channel=push`)
    const table = page.getByRole('table', { name: 'Messages' })
    await table.getByText('device-of-ada').waitFor()
    assert.equal(await table.getByText('C01234567').count(), 0)
    await page.getByRole('button', { name: 'Remove filter Channel' }).click()
    await table.getByText('C01234567').waitFor()
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Channel' }).press('ArrowRight')
    await page.getByRole('menuitemcheckbox', { name: 'Chat' }).click()
    await page.waitForURL(/[?&]channel=chat/)
  })
})
