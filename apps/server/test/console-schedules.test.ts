import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { skipUnless, waitFor } from '@mainstay/kernel/testing'
import { assertAccessible, useConsole } from './console-browser.ts'

describe('schedules in a real browser', { skip: skipUnless('chromium') }, () => {
  const mainstay = useConsole()

  test('a schedule is written with its next times in sight, paused, and deleted', async () => {
    const { page, url, call } = mainstay
    await page.goto(`${url}/schedules`)
    await page.getByText('Nothing is scheduled').waitFor()
    await page.getByRole('button', { name: 'Create a schedule' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Monday report')
    await dialog.getByLabel('Time zone', { exact: true }).fill('Europe/Berlin')
    await dialog.getByLabel('How often').selectOption({ label: 'Once' })
    await dialog.getByLabel('When').fill('2040-01-02T09:00')
    await dialog.getByText('2040-01-02 09:00').waitFor()
    await dialog.getByLabel('When').fill('2040-02-30T09:00')
    await dialog.getByText('The schedule cannot be like this').waitFor()
    await dialog.getByLabel('How often').selectOption({ label: 'By cron' })
    await dialog.getByLabel('When').fill('0 9 2 1 *')
    await dialog
      .getByText(/^\d{4}-01-02 09:00$/)
      .first()
      .waitFor()
    await assertAccessible(page)
    await dialog.getByLabel('An email address').fill('ada@example.com')
    await dialog.getByLabel('Subject').fill('Your week')
    await dialog.getByLabel('Text', { exact: true }).fill('All is well.')
    await dialog.getByRole('button', { name: 'Create schedule' }).click()
    const row = page.getByRole('row', { name: /Monday report/ })
    await row.getByText('Active').waitFor()
    await row.getByText('0 9 2 1 *, Europe/Berlin').waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Pause Monday report' }).click()
    await row.getByText('Paused').waitFor()
    // The page says so at once; the server a moment later.
    await waitFor(
      async () => {
        const { schedules } = (await call('GET', '/v1/schedules')) as { schedules: { state: string }[] }
        return schedules.length === 1 && schedules[0]?.state === 'SCHEDULE_STATE_PAUSED'
      },
      { what: 'the schedule to be paused' },
    )
    await page.getByRole('button', { name: 'Delete Monday report' }).click()
    await dialog.getByLabel('Monday report').fill('Monday report')
    await dialog.getByRole('button', { name: 'Delete schedule' }).click()
    await page.getByText('Nothing is scheduled').waitFor()
  })

  test('a schedule sends a template or starts a workflow, with data that has to be JSON', async () => {
    const { page, url, call } = mainstay
    const email = { subject: 'Your {{ day }}', text: 'All is well.' }
    await call('POST', '/v1/templates', { name: 'weekly', email })
    const yaml = 'name: reach\nsteps:\n  - { id: a, channel: email, template: weekly }'
    await call('POST', '/v1/workflows:publish', { yaml })
    await page.goto(`${url}/schedules`)
    const schedule = async (name: string, what: string, field: string, picked: string) => {
      await page.getByRole('button', { name: 'Create a schedule' }).first().click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Name').fill(name)
      await dialog.getByLabel('An email address').fill('ada@example.com')
      await dialog.getByLabel('What happens').selectOption({ label: what })
      await dialog.getByRole('button', { name: 'Create schedule' }).click()
      await dialog.getByText(`Pick a ${field.toLowerCase()}.`).waitFor()
      await dialog.getByLabel(field, { exact: true }).selectOption(picked)
      await dialog.getByLabel('Data').fill('{ day: }')
      await dialog.getByRole('button', { name: 'Create schedule' }).click()
      await dialog.getByText(/This is no JSON/).waitFor()
      await dialog.getByLabel('Data').fill('{ "day": "week" }')
      await dialog.getByRole('button', { name: 'Create schedule' }).click()
      await page
        .getByRole('row', { name: new RegExp(name) })
        .getByText('Active')
        .waitFor()
    }
    await schedule('By template', 'Send a template', 'Template', 'weekly')
    await schedule('By workflow', 'Start a workflow', 'Workflow', 'reach')
    const { schedules } = (await call('GET', '/v1/schedules')) as { schedules: Record<string, unknown>[] }
    const made = schedules.map(({ notification, workflow }) => ({ notification, workflow }))
    const to = { email: 'ada@example.com' }
    assert.deepEqual(made, [
      { notification: undefined, workflow: { to, workflow: 'reach', data: { day: 'week' } } },
      { notification: { to, template: { name: 'weekly' }, data: { day: 'week' } }, workflow: undefined },
    ])
  })

  test('what recipients do is tracked once it is switched on', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/settings/tracking`)
    const opens = page.getByRole('switch', { name: 'Know when a message was seen' })
    await opens.click()
    await page.getByRole('switch', { name: 'Know when a message was seen', checked: true }).waitFor()
    await page.reload()
    await page.getByRole('switch', { name: 'Know when a message was seen', checked: true }).waitFor()
    await page.getByRole('switch', { name: 'Know when a link was followed', checked: false }).waitFor()
    await assertAccessible(page)
  })
})
