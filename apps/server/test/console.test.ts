import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import AxeBuilder from '@axe-core/playwright'
import { skipUnless, temporaryHome } from '@mainstay/kernel/testing'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { LOOKS, settled } from './console-browser.ts'
import { readBanner, type ServerProcess, spawnServer } from './process.ts'

const CHROMIUM = '/usr/bin/chromium'
const PAGES = [
  '/',
  '/messages',
  '/mailbox',
  '/phone',
  '/review',
  '/suppressions',
  '/templates',
  '/providers',
  '/api-keys',
  '/settings',
  '/settings/tracking',
]

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

  test('no page has a serious accessibility problem, in light and wide, or dark and narrow', async () => {
    const problems: string[] = []
    for (const [colorScheme, viewport] of LOOKS) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize(viewport)
      for (const path of PAGES) {
        await page.goto(url + path)
        await page.getByRole('heading', { level: 1 }).first().waitFor()
        await settled(page)
        const { violations } = await new AxeBuilder({ page })
          .withTags(['wcag2a', 'wcag2aa', 'wcag22aa'])
          .analyze()
        for (const { id, impact, nodes } of violations) {
          if (impact !== 'serious' && impact !== 'critical') continue
          problems.push(`${path} ${colorScheme} ${viewport.width}: ${id} at ${nodes[0]?.target.join(' ')}`)
        }
      }
    }
    assert.deepEqual(problems, [])
  })

  test('no page needs more than 250 kB of gzipped JavaScript to start from nothing', async () => {
    const sizes: Record<string, number> = {}
    for (const path of PAGES) {
      const fresh = await browser.newContext({ storageState: await context.storageState() })
      // Whoever saves data gets no other page ahead of its time, so that this counts what the page itself needs.
      await fresh.addInitScript(() =>
        Object.defineProperty(navigator, 'connection', { value: { saveData: true } }),
      )
      const cold = await fresh.newPage()
      const scripts: Promise<number>[] = []
      cold.on('response', (response) => {
        if (response.url().endsWith('.js'))
          scripts.push(response.body().then((body) => gzipSync(body).length))
      })
      await cold.goto(url + path)
      await cold.getByRole('heading', { level: 1 }).first().waitFor()
      await settled(cold)
      if (path === '/') await cold.locator('canvas').first().waitFor()
      sizes[path] = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0)
      await fresh.close()
    }
    const tooLarge = Object.entries(sizes).filter(([, bytes]) => bytes > 250_000)
    assert.deepEqual(tooLarge, [], JSON.stringify(sizes))
    assert.ok(
      Object.values(sizes).every((bytes) => bytes > 100_000),
      'the scripts were not counted',
    )
  })

  test('nothing was loaded from another server', () => {
    assert.deepEqual(outside, [])
  })
})
