import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { skipUnless } from '@mainstay/kernel/testing'
import { assertAccessible, useConsole } from './console-browser.ts'

const skip = skipUnless('chromium')

describe('workflows in a real browser', { skip }, () => {
  const mainstay = useConsole()

  test('the first workflow is made with one press, and reads from top to bottom', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/workflows`)
    await page.getByRole('heading', { name: 'No workflows yet' }).waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Create example' }).click()
    await page.waitForURL(/\/workflows\/order-shipped\?mode=test$/)
    const steps = page.getByRole('list', { name: 'Steps' })
    await steps.getByText('Reach by push, then SMS, then email').waitFor()
    await steps.getByText('Try a push notification: 10m to be seen').waitFor()
    await steps.getByText('If data.total > 100').waitFor()
    await page.getByRole('link', { name: 'Version 1' }).waitFor()
    await assertAccessible(page)
  })

  test('what is wrong with the YAML is told beside it, line by line, and publishing makes a version', async () => {
    const { page, url, call } = mainstay
    await page.goto(`${url}/workflows/order-shipped?view=yaml`)
    const editor = page.getByRole('textbox', { name: 'Definition' })
    await page.getByText('This is version 1, as it is published.').waitFor()
    const written = await editor.inputValue()
    assert.match(written, /# By push; when that was not seen/)
    await editor.fill(`${written}  - { id: gather, digest: { window: 5m } }\n`)
    const wrong = page.getByRole('region', { name: 'What is wrong' })
    await wrong.getByText('steps[2].digest.key').waitFor()
    await page.getByText('One thing is wrong.').waitFor()
    await assertAccessible(page)
    await editor.fill(`${written}  - { id: wait, delay: 1h }\n`)
    await page.getByRole('region', { name: 'How it reads' }).getByText('Wait 1h').waitFor()
    await page.getByRole('button', { name: 'Publish version 2' }).click()
    await page.waitForURL(/\/workflows\/order-shipped\?mode=test$/)
    await page.getByRole('link', { name: 'Version 2' }).waitFor()
    await page.getByRole('link', { name: 'Version 1' }).click()
    await page.getByText(/This is version 1, as it was published/).waitFor()
    assert.equal((await call('GET', '/v1/workflows/order-shipped')).version, 2)
  })

  test('a run is followed live to its messages, and cancelled', async () => {
    const { page, url, call } = mainstay
    await page.goto(`${url}/runs`)
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor()
    await assertAccessible(page)
    await call('POST', '/v1/workflows/order-shipped:start', {
      to: { email: 'ada@example.com' },
      data: { order_id: 'o-1', total: 120 },
      dedupeKey: 'order-1',
    })
    // Without asking: the list looks again by itself.
    await page.getByRole('link', { name: 'ada@example.com' }).click()
    await page.waitForURL(/\/runs\/wfr_/)
    const panel = page.getByRole('complementary', { name: 'Workflow run' })
    const timeline = panel.getByRole('list', { name: 'Timeline' })
    await timeline.getByText('Not sent by push notification').waitFor()
    await timeline.getByText('The condition holds').waitFor()
    await timeline.getByText('Goes on with wait').waitFor()
    await assertAccessible(page)
    await panel.getByRole('button', { name: 'Cancel run' }).click()
    await timeline.getByText('Cancelled', { exact: true }).waitFor()
    await timeline
      .getByRole('button', { name: /Sent by email/ })
      .first()
      .click()
    await timeline.getByRole('link', { name: 'Open the message' }).click()
    await page.waitForURL(/\/messages\/msg_/)
    await page.getByText('Your order is on its way').first().waitFor()
    await page.getByRole('link', { name: /^wfr_/ }).click()
    await page.waitForURL(/\/runs\/wfr_/)
  })
})
