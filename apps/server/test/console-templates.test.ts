import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { skipUnless } from '@mainstay/kernel/testing'
import { assertAccessible, useConsole } from './console-browser.ts'

const skip = skipUnless('chromium')

describe('templates in a real browser', { skip }, () => {
  const mainstay = useConsole()

  test('a template is written beside its preview, published and sent', async () => {
    const { page, url, call } = mainstay
    await page.goto(`${url}/templates/new`)
    await page.getByLabel('Name', { exact: true }).fill('order-shipped')
    await page.getByLabel('Subject').fill('Order {{ order.id }}')
    const html = page.getByRole('textbox', { name: 'HTML', exact: true })
    await html.fill('<style>p { color: teal }</style>\n<p>{% if %}</p>')
    await page.getByText(/Line 2: /).waitFor()
    await assertAccessible(page)
    await html.fill(
      '<style>p { color: teal }</style><p>{{ "cart" | t: n: order.count }} <b>{{ order.id }}</b></p>',
    )
    await page
      .getByText(/says "cart", which messages have neither/)
      .first()
      .waitFor()
    await page.getByLabel(/^Sentences/).fill('cart = {n, plural, one {# parcel} other {# parcels}}')
    const frame = page.frameLocator('iframe[title="Preview of the HTML"]')
    await frame.getByText('3 parcels').waitFor()
    assert.match((await frame.locator('p').getAttribute('style')) ?? '', /teal/)
    await page.getByLabel('Sample data').fill('{ "order": { "id": "<i>7</i>", "count": 1 } }')
    await frame.getByText('1 parcel <i>7</i>').waitFor()
    // As text: axe cannot look into a frame where no script may run.
    await page.getByRole('radio', { name: 'Text' }).click()
    await page.getByText('1 parcel <i>7</i>').waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Save draft' }).click()
    await page.waitForURL(/\/templates\/order-shipped\?mode=test$/)
    await page.getByText('Not published').waitFor()
    await page.getByRole('button', { name: 'Publish…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Publish version 1' }).click()
    await page.getByRole('region', { name: 'Versions' }).getByText('Version 1').waitFor()
    const stored = await call('GET', '/v1/templates/order-shipped')
    assert.equal(stored.version, 1)
    await page.getByRole('button', { name: 'Send a test' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Data').fill('{ "order": { "id": 7, "count": 2 } }')
    await dialog.getByRole('button', { name: 'Send test' }).click()
    await page.waitForURL(/\/messages\/msg_/)
    await page.getByText('Order 7').first().waitFor()
  })

  test('a text message tells its segments, and a missing value its path', async () => {
    const { page, url, call } = mainstay
    const parts = { en: { text: 'Your code is {{ code }}' }, pt: { text: 'Seu código é {{ code }} ✓' } }
    await call('POST', '/v1/templates', { name: 'login-code', channel: 'CHANNEL_SMS', parts })
    await page.goto(`${url}/templates`)
    await assertAccessible(page)
    await page.getByRole('link', { name: 'login-code' }).click()
    const preview = page.getByRole('region', { name: 'Preview' })
    await preview.getByText(/GSM-7, 1 segment/).waitFor()
    await page.getByRole('radio', { name: /^pt/ }).click()
    await preview.getByText(/UCS-2, 1 segment/).waitFor()
    await preview.getByText(/because of ó ✓/).waitFor()
    await page.getByLabel('Sample data').fill('{}')
    await preview.getByText('data.code').waitFor()
    await page.getByLabel('Sample data').fill('{')
    await page.getByText(/Write a JSON object/).waitFor()
    await assertAccessible(page)
  })

  test('an older version can be looked at and published again', async () => {
    const { page, url, call } = mainstay
    for (const text of ['One', 'Two']) {
      await call('POST', '/v1/templates', { name: 'notice', channel: 'CHANNEL_SMS', parts: { en: { text } } })
    }
    await page.goto(`${url}/templates/notice`)
    await page.getByRole('link', { name: 'Version 1' }).click()
    const preview = page.getByRole('region', { name: 'Preview' })
    await preview.getByText('One', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Publish…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Publish version 3' }).click()
    await page.getByRole('link', { name: 'Version 3' }).waitFor()
    const stored = (await call('GET', '/v1/templates/notice')) as { parts: { en: { text: string } } }
    assert.equal(stored.parts.en.text, 'One')
  })

  test('the editor indents with Tab, and gives Tab back after Escape', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/templates/new`)
    const html = page.getByRole('textbox', { name: 'HTML', exact: true })
    await html.focus()
    await page.keyboard.press('Tab')
    await page.keyboard.type('<p>')
    await page.keyboard.press('Enter')
    await page.keyboard.type('x')
    assert.equal(await html.inputValue(), '  <p>\n  x')
    await page.keyboard.press('Shift+Tab')
    assert.equal(await html.inputValue(), '  <p>\nx')
    await page.keyboard.press('Control+z')
    assert.equal(await html.inputValue(), '  <p>\n  x')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    assert.equal(await html.and(page.locator(':focus')).count(), 0)
  })

  test('the page of a template loads at most 250 kB of gzipped JavaScript', async () => {
    const { page, url } = mainstay
    const bodies: Promise<Buffer>[] = []
    page.on('response', (response) => {
      if (response.ok() && /\.js(\?|$)/.test(response.url())) bodies.push(response.body())
    })
    // Only what this page asks for: the console fetches the other pages when there is nothing else to do.
    await page.addInitScript("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    await page.goto(`${url}/templates/new`, { waitUntil: 'networkidle' })
    const sizes = (await Promise.all(bodies)).map((body) => gzipSync(body).length)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    assert.ok(sizes.length > 0)
    assert.ok(total <= 250 * 1024, `${total} bytes`)
  })
})
