import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, afterEach, before } from 'node:test'
import { temporaryHome, useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { type Browser, chromium, type Page } from 'playwright-core'
import { migrationSets } from '../src/wire.ts'
import { findSerious } from './axe.ts'
import { readBanner, type ServerProcess, spawnServer } from './process.ts'

const CHROMIUM = '/usr/bin/chromium'
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-sync',
]

/** Every colour and every width once; each pair of them together is no other code. */
export const LOOKS = [
  ['light', { width: 1440, height: 900 }],
  ['dark', { width: 390, height: 844 }],
] as const

/** A server, a real browser, and a page of it that is signed in, for the tests of a `describe`. */
export interface Console {
  readonly page: Page
  readonly url: string
  /** Calls the API with the server's test key. Fails the test unless the answer is 2xx. */
  call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: [...ARGS, '--disable-component-update'] })
}

/**
 * Starts both before the tests of the suite, and stops both after them. The server is a process, as a person starts it, on a database
 * of the run: `start.test.ts` and others see to its own.
 */
export function useConsole(env: Record<string, string> = {}): Console {
  const database = useTestDatabase({ sets: migrationSets })
  const home = temporaryHome()
  let server: ServerProcess
  let browser: Browser
  let page: Page
  let url = ''
  let key = ''
  let happened: string[] = []

  before(async () => {
    await database.ready()
    server = spawnServer(home, { DATABASE_URL: database.connectionString, ...env })
    browser = await launchBrowser()
    await server.ready()
    const banner = readBanner(server.output())
    url = banner.apiUrl
    const context = await browser.newContext({ viewport: LOOKS[0][1], reducedMotion: 'reduce' })
    page = await context.newPage()
    happened = recordEvents(page)
    await page.goto(banner.signInLink ?? '')
    await page.getByRole('heading', { name: 'Home' }).waitFor()
    key = await createKey(page, url)
  })
  // What the page showed says more of a failure in CI than what the test waited for.
  afterEach(async (context) => {
    if ('passed' in context && !context.passed) console.error(await describePage(page, happened))
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  return {
    get page() {
      return page
    },
    get url() {
      return url
    },
    async call(method, path, body) {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const answer = (await response.json()) as Record<string, unknown>
      assert.ok(response.ok, `${method} ${path}: ${response.status} ${JSON.stringify(answer)}`)
      return answer
    },
  }
}

/** A test key that may do everything, made by the operator who is signed in. */
async function createKey(page: Page, url: string): Promise<string> {
  const answer = await page.request.post(`${url}/v1/api-keys`, {
    headers: { origin: url, 'mainstay-project': 'default' },
    data: { displayName: 'Development key', mode: 'MODE_TEST', scopes: ['*'] },
  })
  assert.ok(answer.ok(), await answer.text())
  return ((await answer.json()) as { secret: string }).secret
}

/** Looks at what is on screen, light and wide, then dark and narrow, and fails for a serious accessibility problem. */
export async function assertAccessible(page: Page): Promise<void> {
  const problems: string[] = []
  for (const [colorScheme, viewport] of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize(viewport)
    // The page hears of the system's colours a moment later; half-way, nothing has the contrast that it will have.
    await page.locator(`html[data-theme="${colorScheme}"]`).waitFor({ state: 'attached' })
    await repainted(page)
    await settled(page)
    for (const problem of await findSerious(page))
      problems.push(`${colorScheme} ${viewport.width}: ${problem}`)
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await page.setViewportSize(LOOKS[0][1])
  assert.deepEqual(problems, [], page.url())
}

/** Waits for what the page makes of another width, such as a table that becomes a list: what it leaves has no contrast. */
async function repainted(page: Page): Promise<void> {
  const frame = () => page.evaluate('new Promise((resolve) => requestAnimationFrame(resolve))')
  for (let frames = 0; frames < 3; frames++) await frame()
}

/** Waits until nothing on the page is loading, or stands where something will be. */
export async function settled(page: Page): Promise<void> {
  const loading = page.locator('[aria-busy="true"], [data-skeleton]')
  await waitFor(async () => (await loading.count()) === 0, {
    what: `${page.url()} to load`,
  })
}

/** What the page's console and its failed requests say, the last twenty of them, as it goes on. */
function recordEvents(page: Page): string[] {
  const events: string[] = []
  const note = (text: string) => {
    events.push(text)
    if (events.length > 20) events.shift()
  }
  page.on('console', (message) => note(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => note(`error: ${error.message}`))
  page.on('requestfailed', (request) => note(`${request.url()}: ${request.failure()?.errorText}`))
  page.on('response', (response) => {
    if (response.status() >= 400) note(`${response.url()}: ${response.status()}`)
  })
  return events
}

async function describePage(page: Page, events: readonly string[]): Promise<string> {
  const text = await page
    .locator('body')
    .ariaSnapshot({ timeout: 5_000 })
    .catch((error: Error) => error.message)
  return [`The page ${page.url()} showed:`, text, 'What happened in it:', ...events].join('\n')
}
