import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { skipUnless, waitFor } from '@mainstay/kernel/testing'
import { assertAccessible, useConsole } from './console-browser.ts'

const skip = skipUnless('chromium')

/** A mail server that takes the whole mail and goes away before it answers: nobody can know whether it was sent. */
function listenAndLose(): Server {
  return createServer((socket: Socket) => {
    let inData = false
    let line = ''
    socket.on('error', () => {})
    socket.write('220 lost.example\r\n')
    socket.on('data', (chunk) => {
      line += chunk.toString()
      for (let end = line.indexOf('\r\n'); end >= 0; end = line.indexOf('\r\n')) {
        const said = line.slice(0, end)
        line = line.slice(end + 2)
        if (inData && said === '.') return socket.destroy()
        if (inData) continue
        inData = said === 'DATA'
        socket.write(inData ? '354 go on\r\n' : '250 fine\r\n')
      }
      return socket
    })
  })
}

describe('the review queue in a real browser', { skip }, () => {
  const mainstay = useConsole()
  const peer = listenAndLose()
  const ids: string[] = []

  before(async () => {
    await new Promise<void>((listening) => peer.listen(0, '127.0.0.1', listening))
    const { port } = peer.address() as AddressInfo
    await mainstay.call('POST', '/v1/provider-accounts', {
      displayName: 'Lossy mail',
      smtp: { host: '127.0.0.1', port, security: 'SMTP_SECURITY_NONE' },
      sender: 'shop@example.com',
      enabled: true,
      test: true,
      priority: 1,
    })
    for (let n = 1; n <= 6; n++) {
      const sent = await mainstay.call('POST', '/v1/notifications', {
        to: { email: `person${n}@example.com` },
        email: { subject: `Receipt ${n}`, text: 'x' },
      })
      ids.push((sent.messageIds as string[])[0] ?? '')
    }
    await waitFor(
      async () => {
        const states = await Promise.all(ids.map(stateOf))
        return states.every((state) => state === 'MESSAGE_STATE_UNKNOWN')
      },
      { what: 'six lost answers' },
    )
  })
  after(() => peer.close())

  async function stateOf(id: string): Promise<unknown> {
    return (await mainstay.call('GET', `/v1/messages/${id}`)).state
  }

  test('shows what is known, the oldest first, and how many wait', async () => {
    const { page, url } = mainstay
    await page.goto(`${url}/review`)
    const rows = page.getByRole('list', { name: 'Messages to decide' }).getByRole('listitem')
    const first = rows.first()
    await first.getByText('person1@example.com').waitFor()
    await first.getByText(/^The answer was lost/).waitFor()
    await first.getByText('Lossy mail').waitFor()
    await rows.last().getByText('person6@example.com').waitFor()
    await page
      .getByRole('link', { name: /Review queue/ })
      .getByText('6')
      .waitFor()
    await assertAccessible(page)
  })

  test('one key decides one message and goes on to the next', async () => {
    const { page } = mainstay
    const rows = page.getByRole('list', { name: 'Messages to decide' }).getByRole('listitem')
    // While one decision is under way, keys decide nothing; the buttons say so.
    const free = rows.first().getByRole('button', { name: /^Record as sent/, disabled: false })
    await free.waitFor()
    await page.keyboard.press('1')
    await page.getByText('person1@example.com').waitFor({ state: 'detached' })
    await free.waitFor()
    await page.keyboard.press('2')
    await page.getByText('person2@example.com').waitFor({ state: 'detached' })
    await waitFor(async () => (await rows.count()) === 4, { what: 'four to be left' })
    assert.deepEqual(await Promise.all(ids.slice(0, 2).map(stateOf)), [
      'MESSAGE_STATE_SENT',
      'MESSAGE_STATE_FAILED',
    ])
  })

  test('a jump by keyboard to another page decides nothing', async () => {
    const { page, url } = mainstay
    await page.keyboard.press('g')
    await page.keyboard.press('s')
    await page.waitForURL(/\/settings/)
    assert.equal(await stateOf(ids[2] ?? ''), 'MESSAGE_STATE_UNKNOWN')
    await page.goto(`${url}/review`)
  })

  test('several at once are asked about once', async () => {
    const { page } = mainstay
    const rows = page.getByRole('list', { name: 'Messages to decide' }).getByRole('listitem')
    await rows.first().waitFor()
    await page.keyboard.press('x')
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.getByText('2 selected').waitFor()
    await page.keyboard.press('1')
    const dialog = page.getByRole('dialog')
    await dialog.getByText(/cannot be undone/).waitFor()
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Record as sent' }).click()
    await waitFor(async () => (await rows.count()) === 2, { what: 'two to be left' })
    assert.deepEqual(await Promise.all(ids.slice(2).map(stateOf)), [
      'MESSAGE_STATE_SENT',
      'MESSAGE_STATE_SENT',
      'MESSAGE_STATE_UNKNOWN',
      'MESSAGE_STATE_UNKNOWN',
    ])
  })

  test('once nothing waits it says what would', async () => {
    const { page } = mainstay
    await page.getByRole('button', { name: 'Select all' }).click()
    await page.getByText('2 selected').waitFor()
    await page.getByRole('button', { name: 'Record as failed' }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: 'Record as failed' }).click()
    await page.getByText('Nothing waits for a decision').waitFor()
    await assertAccessible(page)
  })
})
