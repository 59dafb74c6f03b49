import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { skipUnless } from '@mainstay/kernel/testing'
import { findSerious } from './axe.ts'
import { LOOKS, settled, useConsole } from './console-browser.ts'

const PAGES = [
  '/',
  '/messages',
  '/mailbox',
  '/phone',
  '/review',
  '/suppressions',
  '/schedules',
  '/templates',
  '/providers',
  '/routing',
  '/api-keys',
  '/settings',
  '/settings/tracking',
]

const skip = skipUnless('chromium')

describe('every page of the console in a real browser', { skip }, () => {
  const mainstay = useConsole()
  // With a message there is a chart to draw, and a row in every list.
  before(() =>
    mainstay.call('POST', '/v1/notifications', {
      to: { email: 'ada@example.com' },
      email: { subject: 'Hello', text: 'x' },
    }),
  )

  test('no page has a serious accessibility problem, in light and wide, or dark and narrow', async () => {
    const problems: string[] = []
    const { page, url } = mainstay
    for (const [colorScheme, viewport] of LOOKS) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize(viewport)
      for (const path of PAGES) {
        await page.goto(url + path)
        await page.getByRole('heading', { level: 1 }).first().waitFor()
        await settled(page)
        for (const problem of await findSerious(page)) {
          problems.push(`${path} ${colorScheme} ${viewport.width}: ${problem}`)
        }
      }
    }
    assert.deepEqual(problems, [])
  })

  test('no page needs more than 250 kB of gzipped JavaScript to start from nothing', async () => {
    const { page, url } = mainstay
    const sizes: Record<string, number> = {}
    const context = page.context()
    const browser = context.browser()
    assert.ok(browser)
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
})
