import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { skipUnless, waitFor } from '@mainstay/kernel/testing'
import { assertAccessible, useConsole } from './console-browser.ts'

const LOGO =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='

interface Received {
  mailId: string
  html: string
  attachments: { place: number; fileName: string; contentId?: string; sizeBytes: string }[]
}

describe('a mail with files', { skip: skipUnless('chromium') }, () => {
  const mainstay = useConsole()

  async function receive(email: Record<string, unknown>): Promise<Received> {
    const { call } = mainstay
    const { messageIds } = await call('POST', '/v1/notifications', {
      to: { email: 'ada@example.com' },
      email,
    })
    const [messageId] = messageIds as string[]
    const mailId = await waitFor(
      async () => {
        const { mails = [] } = (await call('GET', '/v1/mailbox/mails')) as {
          mails?: { mailId: string; messageId: string }[]
        }
        return mails.find((mail) => mail.messageId === messageId)?.mailId
      },
      { timeoutMs: 30_000 },
    )
    return (await call('GET', `/v1/mailbox/mails/${mailId}`)) as unknown as Received
  }

  test('arrives whole, far beyond what other calls may carry', async () => {
    const content = randomBytes(2_500_000)
    const mail = await receive({
      subject: 'Two large files',
      text: 'See the files.',
      attachments: [1, 2].map((n) => ({
        fileName: `Bericht ${n} – März.bin`,
        content: content.toString('base64'),
      })),
    })
    assert.deepEqual(
      mail.attachments.map(({ fileName, sizeBytes }) => [fileName, sizeBytes]),
      [
        ['Bericht 1 – März.bin', '2500000'],
        ['Bericht 2 – März.bin', '2500000'],
      ],
    )
    const file = await mainstay.call('GET', `/v1/mailbox/mails/${mail.mailId}/attachments/2`)
    assert.ok(Buffer.from(String(file.content), 'base64').equals(content))
  })

  test('shows its pictures where the HTML has them, and gives its files', async () => {
    const { page, url } = mainstay
    const mail = await receive({
      subject: 'Your invoice',
      html: '<p>Hello</p><img alt="Our logo" src="cid:logo">',
      attachments: [
        { fileName: 'logo.png', contentType: 'image/png', content: LOGO, contentId: 'logo' },
        { fileName: 'Rechnung.html', contentType: 'text/html', content: btoa('<script>alert(1)</script>') },
      ],
    })
    await page.goto(`${url}/mailbox/${mail.mailId}`)
    const frame = page.frameLocator('iframe[title="HTML of the mail"]')
    await frame.locator('img[alt="Our logo"][src^="data:image/png;base64,"]').waitFor()
    const files = page.getByRole('list', { name: 'Attachments' })
    const waiting = page.waitForEvent('download')
    await files.getByRole('button', { name: /Rechnung\.html/ }).click()
    const download = await waiting
    assert.equal(download.suggestedFilename(), 'Rechnung.html')
    // Axe cannot look into a frame that may run no scripts.
    await page.getByRole('radio', { name: 'Text' }).click()
    await page.locator('iframe').waitFor({ state: 'detached' })
    await assertAccessible(page)
  })
})
