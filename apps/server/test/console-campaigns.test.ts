import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { skipUnless, waitFor } from '@mainstay/kernel/testing'
import { assertAccessible, useConsole } from './console-browser.ts'

const skip = skipUnless('chromium')

describe('campaigns in a real browser', { skip }, () => {
  const mainstay = useConsole()

  test('without any, the page says what one is and how to begin', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/campaigns`)
    await page.getByText('No campaign yet').waitFor()
    await page.getByText('/v1/campaigns').first().waitFor()
    await assertAccessible(page)
    await page.getByRole('link', { name: 'New campaign' }).first().click()
    await page.getByRole('heading', { name: 'New campaign' }).waitFor()
  })

  test('a draft is written, tested, started by its review, and watched until everybody has it', async () => {
    const { page, url, call } = mainstay
    for (const name of ['ada', 'bob', 'carl']) {
      await call('PUT', `/v1/recipients/${name}`, { email: `${name}@example.com` })
    }
    await call('PUT', '/v1/recipients/nobody', { displayName: 'Nobody' })
    await page.goto(`${url}/campaigns/new`)
    await page.getByRole('button', { name: 'Save draft' }).click()
    await page.getByText('Give it a name.').waitFor()
    await page.getByLabel('Name').fill('Spring')
    await page.getByLabel('Subject').fill('Spring is here')
    await page.getByLabel('Text', { exact: false }).first().fill('Come and see.')
    await page.getByText('4 people now, 3 with an address').waitFor()
    await page.getByRole('button', { name: 'Save draft' }).click()
    await page.waitForURL(/campaigns\/cmp_/)
    await assertAccessible(page)

    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.getByRole('dialog').getByLabel('To').fill('me@example.com')
    await page.getByRole('dialog').getByRole('button', { name: 'Send test' }).click()
    await page.getByText('The test is on its way.').waitFor()

    await page.getByRole('button', { name: 'Review and start' }).click()
    const review = page.getByRole('dialog')
    await review.getByText('4, 3 of them reachable').waitFor()
    await assertAccessible(page)
    await review.getByRole('button', { name: 'Start campaign' }).click()
    await page.getByText('Finished', { exact: true }).waitFor()
    await page.getByText('has no address for the channel').waitFor()
    await page.getByRole('progressbar', { name: 'Progress of Spring' }).waitFor()
    await assertAccessible(page)

    await page.getByRole('link', { name: 'Show its messages' }).click()
    await page.waitForURL(/campaign=cmp_/)
    await page.getByText('carl@example.com').waitFor()
    assert.equal(await page.getByText('me@example.com').count(), 0)
  })

  test('a file becomes its list, with the rows that are wrong told by line and column', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/campaigns/new`)
    await page.getByLabel('Name').fill('From a file')
    await page.getByLabel('Subject').fill('Hello')
    await page.getByLabel('Text', { exact: false }).first().fill('Hello there.')
    await page.getByRole('radio', { name: 'List' }).click()
    await page.getByText('Save the draft, then choose its file here.').waitFor()
    await page.getByRole('button', { name: 'Save draft' }).click()
    await page.waitForURL(/campaigns\/cmp_/)
    await page.getByLabel('CSV file').setInputFiles({
      name: 'people.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('email,first_name\ndora@example.com,Dora\nnonsense,Eve\nfay@example.com,Fay\n'),
    })
    await page.getByText('must be one email address').waitFor()
    await page.getByText('2 people now').waitFor()
    await assertAccessible(page)
  })

  test('a running one is paused, resumed and cancelled, and the list shows how far it is', async () => {
    const { page, url, call } = mainstay
    const campaign = await call('POST', '/v1/campaigns', {
      displayName: 'Slow',
      content: { email: { subject: 'Slowly', text: 'One by one.' } },
      audience: { allRecipients: true },
      messagesPerSecond: 1,
      // Nobody gets it before the window opens: it runs for as long as the test needs.
      sendWindow: { start: nextHour(2), end: nextHour(3) },
    })
    await call('POST', `/v1/campaigns/${campaign.campaignId}:start`, {})
    await page.goto(`${url}/campaigns/${campaign.campaignId}`)
    await page.getByText('Running', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('Paused', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('Running', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Cancel campaign' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Type “Slow” to confirm').fill('Slow')
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Cancel campaign' }).click()
    await page.getByText('Cancelled', { exact: true }).first().waitFor()
    await waitFor(
      async () => (await call('GET', `/v1/campaigns/${campaign.campaignId}`)).endTime !== undefined,
    )

    await page.goto(`${url}/campaigns`)
    const table = page.getByRole('table', { name: 'Campaigns' })
    await table.getByRole('link', { name: 'Slow' }).waitFor()
    await table.getByText('3 of 4 sent').waitFor()
    await assertAccessible(page)
  })
})

/** `HH:00` in UTC, some hours from now. */
function nextHour(hours: number): string {
  return `${String((new Date().getUTCHours() + hours) % 24).padStart(2, '0')}:00`
}
