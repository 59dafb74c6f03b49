import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { temporaryHome, waitFor } from '@mainstay/kernel/testing'
import { createMainstay, type Mainstay } from '@mainstay/sdk'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { findProblems } from './axe.ts'
import { findPort, readBanner, type ServerProcess, spawnServer } from './process.ts'

/** Gzipped, without React: what the drop-in adds to an app. */
const MOST_BYTES = 16_000

describe('the inbox in an app of another origin', () => {
  const home = temporaryHome()
  let server: ServerProcess
  let mainstay: Mainstay
  let app: Server
  let browser: Browser
  let page: Page
  let env: Record<string, string>

  before(async () => {
    const port = await findPort()
    app = createServer()
    app.listen(0, '127.0.0.1')
    await once(app, 'listening')
    const origin = `http://127.0.0.1:${(app.address() as AddressInfo).port}`
    env = { HTTP_PORT: String(port), HTTP_BROWSER_ORIGINS: origin }
    server = spawnServer(home, env)
    const script = await bundle(false)
    await server.ready()
    const { apiUrl, apiKey } = readBanner(server.output())
    mainstay = createMainstay({ baseUrl: apiUrl, apiKey })
    serveApp(
      app,
      script,
      apiUrl,
      async () => (await mainstay.inbox.createInboxToken({ recipientId: 'ada' })).token,
    )
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu'],
    })
    const context = await browser.newContext({
      viewport: { width: 1000, height: 800 },
      reducedMotion: 'reduce',
    })
    page = await context.newPage()
    await page.goto(origin)
    await page.locator('[data-ready="true"]').waitFor()
  })
  after(async () => {
    await browser?.close()
    app?.close()
    await server?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  const tell = (title: string, more: object = {}) =>
    mainstay.notify.sendNotification({
      to: { target: { case: 'recipientId', value: 'ada' } },
      content: { case: 'inbox', value: { title, ...more } },
    })
  const bell = (name: string) => page.getByRole('button', { name, exact: true })
  const item = (title: string) => page.getByRole('listitem').filter({ hasText: title })
  const tab = (name: RegExp) => page.getByRole('tab', { name })

  test('shows what comes in without a reload, counts it, and marks it', async () => {
    await bell('Notifications').waitFor()
    await tell('Your order has shipped', {
      body: 'It comes on Friday.',
      actionUrl: '/?order=7',
      actionLabel: 'Track',
    })
    await bell('Notifications, 1 unread').waitFor()
    await page.getByRole('heading', { name: 'My app (1)' }).waitFor()
    await page.getByRole('status').filter({ hasText: 'New notification: Your order has shipped' }).waitFor()
    await bell('Notifications, 1 unread').click()
    await item('Your order has shipped').waitFor()
    await waitFor(
      async () => (await mainstay.inbox.getInboxCounts({ recipientId: 'ada' })).unseenCount === 0,
      {
        what: 'opening the list to mark it as seen',
      },
    )
    await tell('Your invoice is here')
    await item('Your invoice is here').waitFor()
    await bell('Notifications, 2 unread').waitFor()
    await page.getByRole('button', { name: 'Mark as read: Your order has shipped' }).click()
    await bell('Notifications, 1 unread').waitFor()
    await page.getByRole('button', { name: 'Archive: Your order has shipped' }).click()
    await item('Your order has shipped').waitFor({ state: 'detached' })
    await tab(/Archived/).click()
    await item('Your order has shipped').waitFor()
    await waitFor(async () => {
      const { currentCount, unreadCount } = await mainstay.inbox.getInboxCounts({ recipientId: 'ada' })
      return currentCount === 1 && unreadCount === 1
    })
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.equal(await page.evaluate('document.activeElement.className'), 'mainstay-inbox-bell')
  })

  test('works by keyboard alone, and is clean to axe in light and dark, wide and narrow', async () => {
    await page.keyboard.press('Enter')
    await tab(/All/).waitFor()
    await page.keyboard.press('ArrowRight')
    await page.locator('[role=tab][aria-selected=true]').filter({ hasText: 'Unread' }).waitFor()
    await item('Your invoice is here').waitFor()
    await page.keyboard.press('Shift+Tab')
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Mark all read')
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1000, 390]) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await page.setViewportSize({ width, height: 800 })
        const problems = await findProblems(page, { within: '.mainstay-inbox' })
        const told = problems.map(({ id, target, summary }) => `${id} at ${target}: ${summary}`)
        assert.deepEqual(told, [], `${colorScheme} ${width}`)
        if (process.env.SCREENSHOTS) {
          await page.screenshot({ path: `${process.env.SCREENSHOTS}/inbox-${colorScheme}-${width}.png` })
        }
      }
    }
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await page.setViewportSize({ width: 1000, height: 800 })
    await page.getByRole('button', { name: 'Mark all read' }).focus()
    await page.keyboard.press('Enter')
    await bell('Notifications').waitFor()
    await waitFor(async () => (await mainstay.inbox.getInboxCounts({ recipientId: 'ada' })).unreadCount === 0)
    await page.keyboard.press('Escape')
  })

  test('loads on as it is scrolled, and opens an item with the app’s own say', async () => {
    for (let n = 1; n <= 25; n++) await tell(`Number ${n}`)
    await bell('Notifications, 25 unread').waitFor()
    await bell('Notifications, 25 unread').click()
    await item('Number 25').waitFor()
    const list = page.locator('.mainstay-inbox-list')
    await waitFor(
      async () => {
        await list.evaluate((element) => element.scrollTo(0, element.scrollHeight))
        return (await page.getByRole('listitem').count()) === 26
      },
      { what: 'every page to be loaded' },
    )
    await page.getByRole('button', { name: /^Unread: Number 25/ }).click()
    assert.deepEqual(await page.evaluate('window.opened'), ['Number 25'])
    await bell('Notifications, 24 unread').waitFor()
    await page.keyboard.press('Escape')
  })

  test('takes back what the server did not do', async () => {
    await bell('Notifications, 24 unread').click()
    await page.route('**/v1/inbox/items:mark', (route) => route.fulfill({ status: 400, body: '{}' }))
    await page.getByRole('button', { name: 'Mark as read: Number 24', exact: true }).click()
    await page.getByText('That did not work. Please try again.').waitFor()
    await page.getByRole('button', { name: 'Mark as read: Number 24', exact: true }).waitFor()
    await bell('Notifications, 24 unread').waitFor()
    await page.unroute('**/v1/inbox/items:mark')
    await page.getByRole('button', { name: 'Mark as read: Number 24', exact: true }).click()
    await bell('Notifications, 23 unread').waitFor()
    // The page shows it before the server has it.
    await waitFor(
      async () => (await mainstay.inbox.getInboxCounts({ recipientId: 'ada' })).unreadCount === 23,
    )
    await page.keyboard.press('Escape')
  })

  test('loses nothing over a restart of the server', async () => {
    await server.stop('SIGKILL')
    server = spawnServer(home, env)
    await server.ready()
    // Before the page has reconnected, as likely as not.
    await tell('While you were away')
    await page.getByRole('status').filter({ hasText: 'While you were away' }).waitFor()
    await bell('Notifications, 24 unread').waitFor()
    await tell('And one more')
    await bell('Notifications, 25 unread').waitFor()
  })

  test('adds little to an app', async () => {
    const bytes = gzipSync(await bundle(true)).length
    console.log(`@mainstay/sdk-react with the SDK it uses: ${bytes} bytes gzipped, without React`)
    assert.ok(bytes < MOST_BYTES, `${bytes} bytes`)
  })
})

/** As an app's bundler does it, of packages/sdk-react/testing/app.js. `alone`: the package without React, for its size. */
async function bundle(alone: boolean): Promise<string> {
  const root = fileURLToPath(new URL('../../../packages/sdk-react', import.meta.url))
  const made = await build({
    root,
    logLevel: 'error',
    configFile: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      target: 'es2023',
      minify: true,
      rollupOptions: {
        input: alone ? `${root}/src/index.ts` : `${root}/testing/app.js`,
        ...(alone && {
          external: ['react', 'react/jsx-runtime'],
          preserveEntrySignatures: 'strict' as const,
        }),
      },
    },
  })
  const outputs = (Array.isArray(made) ? made : [made]).flatMap((one) => ('output' in one ? one.output : []))
  const [chunk] = outputs.filter((one) => one.type === 'chunk')
  if (chunk === undefined) throw new Error('Nothing was bundled')
  return chunk.code
}

function serveApp(app: Server, script: string, baseUrl: string, mint: () => Promise<string>): void {
  const html = `<!doctype html><html lang="en"><title>My app</title><meta name="viewport" content="width=device-width">
    <style>:root{color-scheme:light dark} body{font-family:system-ui;margin:24px} header{display:flex;gap:16px;align-items:center}</style>
    <div id="root"></div><script>window.settings={baseUrl:${JSON.stringify(baseUrl)},theme:'auto'};window.opened=[]</script>
    <script type="module" src="/app.js"></script></html>`
  app.on('request', (request, response) => {
    const answer = (type: string, body: string): void =>
      void response.setHeader('content-type', type).end(body)
    if (request.url === '/app.js') answer('text/javascript', script)
    else if (request.url !== '/inbox-token') answer('text/html', html)
    else {
      mint().then(
        (token) => answer('text/plain', token),
        () => response.writeHead(502).end(),
      )
    }
  })
}
