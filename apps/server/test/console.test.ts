import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import AxeBuilder from '@axe-core/playwright'
import { skipUnless, temporaryHome, waitFor } from '@mainstay/kernel/testing'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { readBanner, type ServerProcess, spawnServer } from './process.ts'

const CHROMIUM = '/usr/bin/chromium'
const PAGES = ['/', '/messages', '/mailbox', '/templates', '/providers', '/api-keys', '/settings']

/** Every colour and every width once; each pair of them together is no other code. */
const LOOKS = [
  ['light', { width: 1440, height: 900 }],
  ['dark', { width: 390, height: 844 }],
] as const

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

  test('no page has a serious accessibility problem, in light and wide, or dark and narrow', async () => {
    const problems: string[] = []
    for (const [colorScheme, viewport] of LOOKS) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize(viewport)
      for (const path of PAGES) {
        await page.goto(url + path)
        await page.getByRole('heading', { level: 1 }).first().waitFor()
        await waitFor(async () => (await page.locator('[aria-busy="true"]').count()) === 0, {
          what: `${path} to load`,
        })
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

  test('nothing was loaded from another server', () => {
    assert.deepEqual(outside, [])
  })
})
