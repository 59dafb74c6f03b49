import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { skipUnless, waitFor } from '@mainstay/kernel/testing'
import type { Page } from 'playwright-core'
import { assertAccessible, type Console, settled, useConsole } from './console-browser.ts'

const skip = skipUnless('chromium')

describe('accounts and apps in a real browser', { skip }, () => {
  const mainstay = useConsole()
  let clientId = ''

  test('where there is no app yet, one is made, and says how to sign in to it', async () => {
    const { page, url, call } = mainstay
    await page.goto(`${url}/accounts`)
    await page.getByRole('heading', { name: 'No test accounts yet' }).waitFor()
    await assertAccessible(page)
    await page.getByRole('link', { name: 'Create app' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Create app' }).click()
    await dialog.getByText('Give it a name').waitFor()
    await dialog.getByLabel('Name').fill('Driver app')
    await dialog.getByLabel('Kind').selectOption('driver')
    await dialog.getByLabel('Web site').fill('drive.example')
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Create app' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('table', { name: 'Apps' }).getByText('Driver app').waitFor()
    await settled(page)
    await assertAccessible(page)
    const { clients } = await call('GET', '/v1/clients')
    const [client] = clients as { clientId: string; kind: string; test: boolean; webOtpDomain: string }[]
    assert.ok(client)
    assert.deepEqual([client.kind, client.test, client.webOtpDomain], ['driver', true, 'drive.example'])
    clientId = client.clientId
    await page.getByRole('button', { name: 'More for Driver app' }).click()
    await page.getByRole('menuitem', { name: 'Show how to sign in' }).click()
    await dialog.getByText(`"clientId": "${clientId}"`).first().waitFor()
    await assertAccessible(page)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })

  test('an app is disabled and enabled again; a live app is not seen in test mode', async () => {
    const { page, call } = mainstay
    const table = page.getByRole('table', { name: 'Apps' })
    for (const [item, button, disabled] of [
      ['Disable', 'Disable app', true],
      ['Enable', 'Enable app', false],
    ] as const) {
      await page.getByRole('button', { name: 'More for Driver app' }).click()
      await page.getByRole('menuitem', { name: item }).click()
      await page.getByRole('dialog').getByRole('button', { name: button }).click()
      await table.getByText(disabled ? 'Disabled' : 'Open').waitFor()
      assert.equal((await call('GET', `/v1/clients/${clientId}`)).disabled ?? false, disabled)
    }
    await page.getByRole('radio', { name: 'Live' }).click()
    await page.getByRole('heading', { name: 'No live apps yet' }).waitFor()
    await page.getByRole('radio', { name: 'Test' }).click()
    await table.getByText('Driver app').waitFor()
  })

  test('the rules of a kind are changed, with what does not fit said at its field', async () => {
    const { page, call } = mainstay
    await page.getByRole('button', { name: 'Edit Drivers' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Access token, minutes').fill('90')
    await dialog.getByRole('button', { name: 'Save kind' }).click()
    await dialog.getByText('Use a number from 1 to 60.').waitFor()
    await dialog.getByLabel('Access token, minutes').fill('5')
    await dialog.getByLabel('Codes to phones go over').selectOption('1,2')
    await dialog.getByLabel('By invitation only').click()
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Save kind' }).click()
    await page
      .getByRole('row', { name: /Drivers/ })
      .getByText('By invitation')
      .waitFor()
    const { kinds } = await call('GET', '/v1/kinds')
    const driver = (kinds as Record<string, unknown>[]).find(({ kind }) => kind === 'driver')
    assert.equal(driver?.accessTokenTtl, '300s')
    assert.equal(driver?.inviteOnly, true)
  })

  test('an account is found by how its name or number begins, and its id opens it', async () => {
    const { page, url, call } = mainstay
    await makeAccounts(call)
    await page.goto(`${url}/accounts`)
    const table = page.getByRole('table', { name: 'Accounts' })
    await table.getByText('Person 39').waitFor()
    await settled(page)
    await assertAccessible(page)
    await page.getByRole('searchbox').fill('ADA')
    await page.getByRole('searchbox').press('Enter')
    await page.waitForURL(/text=ADA/)
    await table.getByText('Person 39').waitFor({ state: 'detached' })
    await table.getByText('Ada Lovelace').waitFor()
    await page.getByRole('searchbox').fill('+49 151 234')
    await page.getByRole('searchbox').press('Enter')
    await table.getByText('Ada Lovelace').waitFor()
    await page.getByLabel('Kind').selectOption('customer')
    await page.getByRole('heading', { name: 'Nobody matches' }).waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Show all' }).click()
    const ada = await findAda(call)
    await page.getByRole('searchbox').fill(ada)
    await page.getByRole('searchbox').press('Enter')
    await page.waitForURL(new RegExp(`/accounts/${ada}`))
    await page.getByRole('complementary', { name: 'Account' }).getByText('+4915123456789').waitFor()
  })

  test('a person who signed in is seen with device and timeline, banned with a reason, and let in again', async () => {
    const { page, url, call } = mainstay
    const ada = await findAda(call)
    await signIn(mainstay, '+4915123456789')
    await page.goto(`${url}/accounts/${ada}`)
    const panel = page.getByRole('complementary', { name: 'Account' })
    await panel.getByText('Pixel 9').waitFor()
    await panel.getByText('Verified', { exact: true }).waitFor()
    await panel.getByRole('list', { name: 'Timeline' }).getByText('Signed in').waitFor()
    await settled(page)
    await assertAccessible(page)
    await panel.getByRole('button', { name: 'Ban', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Ban account' }).click()
    await dialog.getByText('Say why, in a few words.').waitFor()
    await dialog.getByLabel('Reason').fill('Chargebacks')
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Ban account' }).click()
    await panel.getByText('Chargebacks').waitFor()
    await panel.getByText('Ended by a ban').waitFor()
    await panel.getByRole('list', { name: 'Timeline' }).getByText('Banned').waitFor()
    assert.equal((await call('GET', `/v1/accounts/${ada}`)).state, 'ACCOUNT_STATE_BANNED')
    await panel.getByRole('button', { name: 'Let in again' }).click()
    await dialog.getByRole('button', { name: 'Let in again' }).click()
    await panel.getByRole('button', { name: 'Ban', exact: true }).waitFor()
  })

  test('an operator acts as an account, with a reason, and the session says so', async () => {
    const { page } = mainstay
    const panel = page.getByRole('complementary', { name: 'Account' })
    await panel.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Act as this account' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Begin session' }).click()
    await dialog.getByText('Choose an app of their kind.').waitFor()
    await dialog.getByLabel('Reason').fill('Ticket 4711')
    await dialog.getByLabel('App').selectOption({ label: 'Driver app' })
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Begin session' }).click()
    await dialog.getByText(/^eyJ/).waitFor()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await panel.getByText('An operator acts as them, and only reads: Ticket 4711').waitFor()
    await settled(page)
    await assertAccessible(page)
  })

  test('an account that is to be deleted is kept', async () => {
    const { page, call } = mainstay
    const ada = await findAda(call)
    await call('DELETE', `/v1/accounts/${ada}?grace=86400s`)
    await page.reload()
    const panel = page.getByRole('complementary', { name: 'Account' })
    await panel.getByText('To be deleted', { exact: true }).waitFor()
    await panel.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Keep account' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Keep account' }).click()
    await panel.getByText('To be deleted', { exact: true }).waitFor({ state: 'detached' })
    await panel.getByRole('list', { name: 'Timeline' }).getByText('Kept after all').waitFor()
  })

  test('one session ends, then all; an account is deleted once its name is typed', async () => {
    const { page, call } = mainstay
    const ada = await findAda(call)
    await signIn(mainstay, '+4915123456789')
    await signIn(mainstay, '+4915123456789')
    await page.reload()
    const panel = page.getByRole('complementary', { name: 'Account' })
    const endOne = panel.getByRole('button', { name: 'End session on Pixel 9' })
    await endOne.nth(1).waitFor()
    await endOne.first().click()
    await waitFor(async () => (await endOne.count()) === 1, { what: 'one open session of a phone' })
    await panel.getByRole('button', { name: 'End all' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'End all sessions' }).click()
    await endOne.waitFor({ state: 'detached' })
    await panel.getByRole('list', { name: 'Timeline' }).getByText('All sessions ended').waitFor()
    await panel.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Delete account' }).click()
    assert.equal(await dialog.getByRole('button', { name: 'Delete account' }).isDisabled(), true)
    await dialog.getByLabel(/Type/).fill('Ada Lovelace')
    await dialog.getByRole('button', { name: 'Delete account' }).click()
    await panel.getByText('Deleted').first().waitFor()
    await settled(page)
    await assertAccessible(page)
    assert.equal((await call('GET', `/v1/accounts/${ada}`)).state, 'ACCOUNT_STATE_DELETED')
    await closePanel(page)
  })

  async function signIn({ call }: Console, phone: string): Promise<void> {
    const { challengeId } = await call('POST', '/v1/otp-challenges', { clientId, phone })
    const code = await waitFor(() => readCode(call), { what: 'the code on the sandbox phone' })
    await call('POST', `/v1/otp-challenges/${challengeId}:verify`, {
      ...{ clientId, code },
      device: { displayName: 'Pixel 9' },
    })
  }
})

const codesSeen = new Set<string>()

/** A code on the sandbox phone that was not used yet. */
async function readCode(call: Console['call']): Promise<string | undefined> {
  const text = JSON.stringify(await call('GET', '/v1/sandbox/items'))
  const codes = [...text.matchAll(/\b(\d{6}) is your/g)].map(([, digits = '']) => digits)
  const code = codes.find((one) => !codesSeen.has(one))
  if (code !== undefined) codesSeen.add(code)
  return code
}

async function makeAccounts(call: Console['call']): Promise<void> {
  const people = [
    { displayName: 'Ada Lovelace', identifiers: [phone('+4915123456789'), email('ada@example.com')] },
    ...Array.from({ length: 40 }, (_, n) => ({
      displayName: `Person ${n}`,
      identifiers: [phone(`+4915770000${String(n).padStart(3, '0')}`)],
    })),
  ]
  await Promise.all(
    people.map((person) =>
      call('POST', '/v1/accounts', {
        kind: 'driver',
        locale: 'en-GB',
        attributes: { city: 'Berlin' },
        ...person,
      }),
    ),
  )
}

const phone = (value: string) => ({ type: 'IDENTIFIER_TYPE_PHONE', value })
const email = (value: string) => ({ type: 'IDENTIFIER_TYPE_EMAIL', value })

async function findAda(call: Console['call']): Promise<string> {
  const { accounts } = await call('GET', '/v1/accounts?identifier=ada@example.com')
  const [ada] = accounts as { accountId: string }[]
  assert.ok(ada)
  return ada.accountId
}

async function closePanel(page: Page): Promise<void> {
  await page.getByRole('complementary', { name: 'Account' }).getByRole('button', { name: 'Close' }).click()
  await page.getByRole('complementary', { name: 'Account' }).waitFor({ state: 'detached' })
}
