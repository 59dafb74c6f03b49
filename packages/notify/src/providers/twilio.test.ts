import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { type ProviderEvent, ReportMalformed, type ReportRequest } from './reports.ts'
import { twilioReports } from './twilio-reports.ts'

const authToken = '12345678901234567890123456789012'
const sid = `SM${'0123456789abcdef'.repeat(2)}`
const messageId = 'msg_01h455vb4pex5vsknk084sn02q'
const url = `https://acme.example/reports/1?message=${messageId}`

function sign(text: string, key = authToken): string {
  return createHmac('sha1', key).update(text).digest('base64')
}

/** As Twilio signs a form: the URL, then every field's name and value in order of names. */
function report(fields: Record<string, string>, signedUrl = url): ReportRequest {
  const sorted = Object.keys(fields).sort()
  const text = sorted.map((name) => name + fields[name]).join('')
  return {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'x-twilio-signature': sign(signedUrl + text),
    },
    body: Buffer.from(new URLSearchParams(fields).toString()),
    receivedMs: 1_600_112_502_000,
  }
}

const callback = (more: Record<string, string> = {}) => ({
  MessageSid: sid,
  MessageStatus: 'delivered',
  AccountSid: `AC${'0'.repeat(32)}`,
  From: '+14155550100',
  To: '+491701234567',
  ApiVersion: '2010-04-01',
  ...more,
})

function read(request: ReportRequest, key = authToken): readonly ProviderEvent[] | 'forged' {
  const reports = twilioReports.read(request, { authToken: key })
  assert.ok(!(reports instanceof Promise))
  return 'events' in reports ? reports.events : 'forged'
}

describe('status callbacks of Twilio', () => {
  test('have the signature that Twilio’s own documentation computes', () => {
    // The worked example of https://www.twilio.com/docs/usage/webhooks/webhooks-security
    const documented = {
      method: 'POST',
      url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
      headers: { 'x-twilio-signature': 'GvWf1cFY/Q7PnoempGyD5oXAezc=' },
      body: Buffer.from(
        'CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212',
      ),
      receivedMs: 0,
    }
    // Believed, and then no callback about a message.
    assert.throws(() => read(documented, '12345'), ReportMalformed)
    assert.equal(read({ ...documented, url: `${documented.url}3` }, '12345'), 'forged')
  })

  test('name our message in their URL, and theirs in their body', () => {
    assert.deepEqual(read(report(callback())), [
      {
        eventId: `${sid}:delivered`,
        kind: 'delivered',
        timeMs: 1_600_112_502_000,
        messageId,
        providerMessageId: sid,
        address: '+491701234567',
        detail: 'delivered',
      },
    ])
  })

  test('mean what their state and error code say', () => {
    const states: [Record<string, string>, string][] = [
      [{ MessageStatus: 'sent' }, 'sent'],
      [{ MessageStatus: 'read', To: 'whatsapp:+491701234567' }, 'read'],
      [{ MessageStatus: 'undelivered', ErrorCode: '30003' }, 'failed'],
      [{ MessageStatus: 'undelivered', ErrorCode: '30006' }, 'failed'],
      [{ MessageStatus: 'undelivered', ErrorCode: '30005' }, 'bounced'],
      [{ MessageStatus: 'undelivered', ErrorCode: '63024' }, 'bounced'],
      [{ MessageStatus: 'failed', ErrorCode: '21610' }, 'unsubscribed'],
      [{ MessageStatus: 'failed', ErrorCode: '30007' }, 'failed'],
      [{ MessageStatus: 'failed' }, 'failed'],
      [{ MessageStatus: 'canceled' }, 'failed'],
      // An error code beside a success condemns nobody.
      [{ MessageStatus: 'delivered', ErrorCode: '30005' }, 'delivered'],
    ]
    for (const [fields, kind] of states) {
      const events = read(report(callback(fields)))
      assert.ok(events !== 'forged')
      assert.deepEqual(
        events.map((event) => [event.kind, event.address]),
        [[kind, '+491701234567']],
        JSON.stringify(fields),
      )
    }
    for (const MessageStatus of ['queued', 'sending', 'accepted', 'scheduled', 'constructor']) {
      assert.deepEqual(read(report(callback({ MessageStatus }))), [], MessageStatus)
    }
  })

  test('are signed with their port or without', () => {
    assert.notEqual(read(report(callback(), url.replace('.example', '.example:443'))), 'forged')
    const elsewhere = url.replace('.example', '.example:8443')
    assert.notEqual(read({ ...report(callback(), elsewhere), url: elsewhere }), 'forged')
    assert.notEqual(read({ ...report(callback()), url: elsewhere }), 'forged')
    assert.equal(read(report(callback(), elsewhere)), 'forged')
  })

  test('with a JSON body are believed when their URL names its hash', () => {
    const body = Buffer.from(JSON.stringify(callback({ MessageStatus: 'failed' })))
    const hashed = `${url}&bodySHA256=${createHash('sha256').update(body).digest('hex')}`
    const signed = {
      method: 'POST',
      url: hashed,
      headers: { 'content-type': 'application/json', 'x-twilio-signature': sign(hashed) },
      body,
      receivedMs: 1,
    }
    const events = read(signed)
    assert.ok(events !== 'forged')
    assert.partialDeepStrictEqual(events, [{ kind: 'failed', messageId, providerMessageId: sid }])
    assert.equal(read({ ...signed, body: Buffer.from('{}') }), 'forged')
    assert.equal(read({ ...signed, url: url, headers: { 'x-twilio-signature': sign(url) } }), 'forged')
    assert.equal(read(signed, 'another token'), 'forged')
  })

  test('with another body, URL, key, or without a whole signature are forged', () => {
    const good = report(callback())
    const signature = good.headers['x-twilio-signature'] ?? ''
    const withSignature = (given: string) => ({ ...good, headers: { 'x-twilio-signature': given } })
    const forged: ReportRequest[] = [
      { ...good, body: Buffer.from(good.body.toString().replace('delivered', 'failed')) },
      { ...good, body: Buffer.concat([good.body, Buffer.from('&To=%2B4917099')]) },
      { ...good, body: Buffer.alloc(0) },
      { ...good, url: url.replace('02q', '03q') },
      { ...good, url: url.replace('https', 'http') },
      { ...good, headers: {} },
      withSignature(''),
      withSignature(signature.slice(0, -4)),
      withSignature(`${signature}=`),
      withSignature(signature.toLowerCase()),
      withSignature('\u0000'.repeat(28)),
      withSignature(sign(url)),
    ]
    for (const request of forged) assert.equal(read(request), 'forged')
    assert.equal(read(good, 'another token'), 'forged')
    assert.equal(read(good, ''), 'forged')
  })

  test('that are signed but about no message are malformed', () => {
    const bodies: Record<string, string>[] = [
      {},
      { MessageSid: sid },
      { MessageStatus: 'sent' },
      callback({ MessageSid: 'SM1' }),
      callback({ MessageStatus: '' }),
    ]
    for (const fields of bodies) assert.throws(() => read(report(fields)), ReportMalformed)
  })
})
