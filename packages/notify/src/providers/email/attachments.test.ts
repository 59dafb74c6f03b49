import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { simpleParser } from 'mailparser'
import { aMessage, patient } from '../../testing/outgoing.ts'
import { startServicePeer } from '../../testing/service-peer.ts'
import { createHttpAdapter } from '../http.ts'
import type { HttpRequest } from '../http-sender.ts'
import { composeMail } from '../mail-message.ts'
import type { OutgoingEmail } from '../outgoing.ts'
import type { ServiceContext } from '../service.ts'
import { mailgun } from './mailgun.ts'
import { postmark } from './postmark.ts'
import { resend } from './resend.ts'
import { sendgrid } from './sendgrid.ts'
import { ses } from './ses.ts'

const NAME = 'Rechnung „März“ 2030 – 领收书.pdf'
const PDF = Buffer.from('%PDF-1.7 \0\u00ff binary', 'latin1')
const LOGO = Buffer.from('89504e470d0a1a0a', 'hex')

const email = aMessage('email', {
  html: '<img src="cid:logo">',
  replyTo: 'Hilfe für alle <help@acme.example>',
  attachments: [
    { fileName: NAME, contentType: 'application/pdf', contentId: '', content: PDF },
    { fileName: 'logo.png', contentType: 'image/png', contentId: 'logo', content: LOGO },
  ],
})

const context: ServiceContext = {
  nowMs: () => Date.now(),
  allowPrivate: true,
  call: () => assert.fail('no call comes before'),
}

async function jsonOf(request: unknown): Promise<Record<string, unknown>> {
  const { body } = (await request) as HttpRequest
  return JSON.parse(String(body))
}

async function assertMail(content: Buffer | string): Promise<void> {
  const mail = await simpleParser(content)
  assert.equal(mail.replyTo?.value[0]?.address, 'help@acme.example')
  assert.equal(mail.replyTo?.value[0]?.name, 'Hilfe für alle')
  const invoice = mail.attachments.find(({ cid }) => cid === undefined)
  const logo = mail.attachments.find(({ cid }) => cid !== undefined)
  assert.equal(invoice?.filename, NAME)
  assert.equal(invoice?.contentType, 'application/pdf')
  assert.equal(invoice?.contentDisposition, 'attachment')
  assert.deepEqual(invoice?.content, PDF)
  assert.deepEqual([logo?.cid, logo?.contentDisposition, logo?.contentType], ['logo', 'inline', 'image/png'])
  assert.deepEqual(logo?.content, LOGO)
}

describe('attachments, as each provider documents them', () => {
  test('SMTP: MIME, names beyond ASCII by RFC 2231, every header in ASCII', async () => {
    const mail = await composeMail(email)
    assert.ok('content' in mail)
    await assertMail(mail.content)
    const text = mail.content.toString('latin1')
    assert.match(text, /filename\*0\*=utf-8''Rechnung/)
    for (const line of text.split(/\r?\n/)) assert.match(line, /^[\x20-\x7e\t]*$/)
  })

  test('Amazon SES: raw, with the tag for reports', async () => {
    const config = {
      ...{ accessKeyId: 'AKIAEXAMPLEEXAMPLE00', secretAccessKey: 'x'.repeat(40), region: 'eu-central-1' },
      ...{ configurationSet: '', topicArn: '' },
    }
    const body = await jsonOf(ses.request(email, config, context))
    const { Raw } = body.Content as { Raw: { Data: string } }
    await assertMail(Buffer.from(Raw.Data, 'base64'))
    assert.deepEqual(body.EmailTags, [{ Name: 'mainstay_message', Value: email.messageId }])
    assert.equal(body.ReplyToAddresses, undefined)
  })

  test('SendGrid', async () => {
    const body = await jsonOf(
      sendgrid.request(email, { apiKey: 'SG', region: 'global', webhookKey: '' }, context),
    )
    assert.deepEqual(body.reply_to, { email: 'help@acme.example', name: 'Hilfe für alle' })
    assert.deepEqual(body.attachments, [
      {
        content: PDF.toString('base64'),
        type: 'application/pdf',
        filename: NAME,
        disposition: 'attachment',
      },
      {
        content: LOGO.toString('base64'),
        type: 'image/png',
        filename: 'logo.png',
        disposition: 'inline',
        content_id: 'logo',
      },
    ])
  })

  test('Postmark, and not more than it takes', async () => {
    const config = { serverToken: 'x', messageStream: '', webhookPassword: 'x' }
    const body = await jsonOf(postmark.request(email, config, context))
    assert.equal(body.ReplyTo, 'Hilfe für alle <help@acme.example>')
    assert.deepEqual(body.Attachments, [
      { Name: NAME, Content: PDF.toString('base64'), ContentType: 'application/pdf' },
      { Name: 'logo.png', Content: LOGO.toString('base64'), ContentType: 'image/png', ContentID: 'cid:logo' },
    ])
    const content = Buffer.alloc(8 * 1024 * 1024)
    const large = { ...email, attachments: [{ fileName: 'a', contentType: 'a/b', contentId: '', content }] }
    const refused = await postmark.request(large, config, context)
    assert.ok('result' in refused)
    assert.equal(refused.result.outcome, 'rejected_permanent')
    assert.match(refused.result.reply, /10 MB/)
  })

  test('Resend', async () => {
    const body = await jsonOf(resend.request(email, { apiKey: 're_x', webhookSecret: '' }, context))
    assert.equal(body.reply_to, 'Hilfe für alle <help@acme.example>')
    assert.deepEqual(body.attachments, [
      { filename: NAME, content: PDF.toString('base64'), content_type: 'application/pdf' },
      {
        filename: 'logo.png',
        content: LOGO.toString('base64'),
        content_type: 'image/png',
        content_id: 'logo',
      },
    ])
  })

  test('Mailgun: a multipart form, inline pictures by the name that cid: names', async () => {
    const config = { apiKey: 'x', domain: 'mail.acme.example', region: 'us', webhookKey: '' }
    const request = (await mailgun.request(email, config, context)) as HttpRequest
    assert.ok(Buffer.isBuffer(request.body))
    const form = await new Response(new Uint8Array(request.body), {
      headers: { 'content-type': request.headers['content-type'] ?? '' },
    }).formData()
    assert.equal(form.get('h:Reply-To'), 'Hilfe für alle <help@acme.example>')
    assert.equal(form.get('v:mainstay_message'), email.messageId)
    const [invoice, logo] = [form.get('attachment'), form.get('inline')]
    assert.ok(invoice instanceof File && logo instanceof File)
    assert.deepEqual([invoice.name, invoice.type], [NAME, 'application/pdf'])
    assert.deepEqual(Buffer.from(await invoice.arrayBuffer()), PDF)
    assert.deepEqual([logo.name, logo.type], ['logo', 'image/png'])
  })

  test('your own endpoint: base64 in its JSON', async (t) => {
    const peer = await startServicePeer()
    t.after(() => peer.close())
    peer.act = () => ({ status: 200, body: '{"id":"1"}' })
    const adapter = createHttpAdapter({
      ...{ connectTimeoutMs: 2000, sendTimeoutMs: 2000, allowPrivate: true, connections: 1 },
    })
    const client = adapter.connect({ url: `${peer.origin}/mail`, bearerToken: '' })
    t.after(() => client.close())
    assert.equal((await client.send(email, patient)).outcome, 'accepted')
    const body = JSON.parse(String(peer.calls[0]?.body)) as {
      attachments: { content: string; fileName: string }[]
    }
    assert.deepEqual(
      body.attachments.map(({ fileName, content }) => [fileName, content]),
      [
        [NAME, PDF.toString('base64')],
        ['logo.png', LOGO.toString('base64')],
      ],
    )
  })

  test('attack: a header smuggled past the API into a name or type is refused by the adapter', async () => {
    const wrong: Partial<OutgoingEmail>[] = [
      {
        attachments: [
          { fileName: 'a\r\nBcc: b@c.example', contentType: 'a/b', contentId: '', content: LOGO },
        ],
      },
      { attachments: [{ fileName: 'a', contentType: 'a/b\r\nX: y', contentId: '', content: LOGO }] },
      { attachments: [{ fileName: 'a', contentType: 'a/b', contentId: 'x>\r\nX: y', content: LOGO }] },
      { replyTo: 'a@b.example\r\nBcc: c@d.example' },
    ]
    for (const change of wrong) assert.ok('refused' in (await composeMail({ ...email, ...change })))
  })
})
