import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { skipUnless, temporaryHome } from '@mainstay/kernel/testing'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { readBanner, type ServerProcess, spawnServer } from './process.ts'

const CHROMIUM = '/usr/bin/chromium'

const skip = skipUnless('chromium')

describe('the console in a real browser', { skip }, () => {
  const home = temporaryHome()
  let server: ServerProcess
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let url = ''
  const outside: string[] = []

  before(async () => {
    server = spawnServer(home)
    const args = [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-sync',
    ]
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [...args, '--disable-component-update'],
    })
    await server.ready()
    const banner = readBanner(server.output())
    url = banner.apiUrl
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
    page = await context.newPage()
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !/^(data|blob|about):/.test(request.url()))
        outside.push(request.url())
    })
    await page.goto(banner.signInLink ?? '')
  })

  after(async () => {
    await browser?.close()
    await server?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  test('the printed link signs in, once', async () => {
    await page.getByRole('heading', { name: 'Home' }).waitFor()
    const other = await browser.newContext()
    const stranger = await other.newPage()
    await stranger.goto(readBanner(server.output()).signInLink ?? '')
    await stranger
      .getByText(/used|expired|no longer/i)
      .first()
      .waitFor()
    await other.close()
  })

  test('a test message is sent, watched until it is delivered, and read in the mailbox', async () => {
    await page.goto(`${url}/messages`)
    await page.getByRole('button', { name: 'Send a test' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Subject').fill('From the browser')
    await dialog.getByRole('button', { name: /^Send/ }).click()
    const timeline = page.getByRole('region', { name: 'Timeline' })
    await timeline.getByText('Accepted and stored').waitFor()
    await timeline
      .getByText(/^Delivered/)
      .first()
      .waitFor()
    await timeline.getByText(/Attempt 1: accepted by Sandbox/).waitFor()
    await timeline.getByRole('button', { name: /Attempt 1: accepted by Sandbox/ }).click()
    await timeline.getByText(/RCPT TO: /).waitFor()
    assert.match(page.url(), /\/messages\/msg_/)
    await page.goto(`${url}/mailbox`)
    await page.getByText('From the browser').first().click()
    const mail = page.getByLabel('Mail', { exact: true })
    await mail.getByText('From the browser').first().waitFor()
  })

  test('a message that another program sends shows up by itself', async () => {
    await page.goto(`${url}/messages`)
    await page.getByText('From the browser').first().waitFor()
    const { apiKey } = readBanner(server.output())
    const response = await fetch(`${url}/v1/notifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        to: { email: 'live@example.com' },
        email: { subject: 'Came in live', text: 'x' },
      }),
    })
    assert.equal(response.status, 202)
    await page.getByText('Came in live').first().waitFor()
  })

  test('live and test are counted and listed apart, and the address says which is on screen', async () => {
    await page.goto(`${url}/`)
    // A port that nobody listens on: the message is accepted, and waits for its next attempt.
    const statuses = await page.evaluate(async () => {
      const post = async (path: string, body: object) => {
        const answer = await fetch(path, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'mainstay-project': 'default',
            'mainstay-mode': 'live',
          },
          body: JSON.stringify(body),
        })
        return answer.status
      }
      const provider = {
        displayName: 'Real mail',
        channel: 'CHANNEL_EMAIL',
        smtp: { host: '127.0.0.1', port: 9, security: 'SMTP_SECURITY_NONE' },
        sender: 'shop@example.com',
        enabled: true,
      }
      const message = { to: { email: 'real@example.com' }, email: { subject: 'To a real person', text: 'x' } }
      return [await post('/v1/provider-accounts', provider), await post('/v1/notifications', message)]
    })
    assert.deepEqual(statuses, [200, 202])
    await page.goto(`${url}/messages?mode=live`)
    await page.getByText('To a real person').first().waitFor()
    assert.equal(await page.getByText('Came in live').count(), 0)
    await page.goto(`${url}/`)
    await page.waitForURL(/[?]mode=live$/)
    const accepted = page.locator('dl > div', { hasText: 'Accepted' }).locator('dd')
    await accepted.getByText('1', { exact: true }).waitFor()
    await page.getByRole('radio', { name: 'Test' }).click()
    await page.waitForURL(/[?]mode=test$/)
    await accepted.getByText('2', { exact: true }).waitFor()
    // The minute under way is in the chart already, and is called what it is.
    await page.getByRole('group', { name: /^Messages a minute/ }).press('End')
    await page
      .getByText(/so far$/)
      .first()
      .waitFor()
    await page.goto(`${url}/messages`)
    await page.getByText('Came in live').first().waitFor()
    assert.equal(await page.getByText('To a real person').count(), 0)
  })

  test('nothing was loaded from another server', () => {
    assert.deepEqual(outside, [])
  })
})
