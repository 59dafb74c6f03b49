import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { AppError } from '@mainstay/kernel'
import { SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'
import type { AttachmentSchema } from '@mainstay/proto/notify/v1/attachments'
import { readExtras } from './read.ts'

const LIMITS = { attachmentMaxBytes: 1000, attachmentsMaxBytes: 2500 }
type File = MessageInitShape<typeof AttachmentSchema>

const bytes = (text: string) => new TextEncoder().encode(text)
const file = (change: File = {}): File => ({ fileName: 'invoice.pdf', content: bytes('x'), ...change })

const read = (email: { attachments?: File[]; replyTo?: string }, limits = LIMITS) =>
  readExtras(
    create(SendNotificationRequestSchema, {
      content: { case: 'email', value: { subject: 'Hi', text: 'Hi', ...email } },
    }),
    limits,
  )

function violations(fn: () => unknown): [string, string][] {
  try {
    fn()
  } catch (error) {
    assert.ok(error instanceof AppError)
    assert.equal(error.reason, 'notify.request_invalid')
    return error.violations.map(({ field, description }) => [field, description])
  }
  return assert.fail('nothing was refused')
}

const wrongName = (fileName: string) => violations(() => read({ attachments: [file({ fileName })] }))

describe('what travels with an email', () => {
  it('is stored by its hash, once for files that are the same', () => {
    const { stored, files } = read({
      attachments: [file(), file({ fileName: 'Rechnung für März.pdf', contentType: 'Application/PDF' })],
      replyTo: 'Support <help@acme.example>',
    })
    assert.equal(files.size, 1)
    const [first, second] = stored?.attachments ?? []
    assert.equal(first?.hash, second?.hash)
    assert.deepEqual(
      [first?.contentType, second?.contentType, second?.fileName, second?.size],
      ['application/octet-stream', 'application/pdf', 'Rechnung für März.pdf', 1],
    )
    assert.equal(stored?.replyTo, 'Support <help@acme.example>')
    assert.equal(read({}).stored, undefined)
  })

  it('attack: a header in a file name', () => {
    for (const name of [
      'a.pdf\r\nBcc: everyone@example.com',
      'a\n.pdf',
      'a\u0000.pdf',
      'a\u2028.pdf',
      'a\t.pdf',
    ]) {
      assert.deepEqual(wrongName(name), [
        ['email.attachments[0].fileName', 'must not have line breaks or control characters'],
      ])
    }
  })

  it('attack: a file name that leaves its folder', () => {
    for (const name of ['../../etc/passwd', '/etc/passwd', 'C:\\Windows\\system.ini', '..', '.', 'a/b.pdf']) {
      assert.match(wrongName(name)[0]?.[1] ?? '', /without its folder/)
    }
  })

  it('attack: a file name that reads backwards, so that a program looks like a document', () => {
    for (const name of ['invoice\u202efdp.exe', 'a\u2066b.pdf', '\u200fa.pdf', 'a\u061c.pdf']) {
      assert.match(wrongName(name)[0]?.[1] ?? '', /direction of writing/)
    }
  })

  it('attack: half a character, or spaces that hide the extension', () => {
    assert.match(wrongName('a\ud800.pdf')[0]?.[1] ?? '', /control characters/)
    assert.match(wrongName('invoice.exe ')[0]?.[1] ?? '', /space/)
  })

  it('attack: a type that would make a mail within the mail', () => {
    for (const contentType of ['multipart/mixed', 'message/rfc822', 'MESSAGE/RFC822']) {
      const [first] = violations(() => read({ attachments: [file({ contentType })] }))
      assert.equal(first?.[0], 'email.attachments[0].contentType')
    }
  })

  it('attack: a reply address with a header, two addresses, or a group', () => {
    for (const replyTo of [
      'a@example.com\r\nBcc: b@example.com',
      'a@example.com, b@example.com',
      'Team: a@example.com;',
      'no address',
    ]) {
      assert.deepEqual(violations(() => read({ replyTo }))[0]?.[0], 'email.replyTo')
    }
  })

  it('is refused when one is too large, or all together are, with the field', () => {
    const large = file({ content: new Uint8Array(1001) })
    assert.deepEqual(
      violations(() => read({ attachments: [file(), large] })),
      [['email.attachments[1].content', 'must have at most 1000 bytes']],
    )
    const fitting = file({ content: new Uint8Array(900) })
    assert.deepEqual(
      violations(() => read({ attachments: [fitting, fitting, fitting] })),
      [['email.attachments', 'must have at most 2500 bytes in all']],
    )
  })

  it('is refused when two pictures have the same content id', () => {
    const picture = file({ contentId: 'logo' })
    assert.equal(
      violations(() => read({ attachments: [picture, picture] }))[0]?.[0],
      'email.attachments[1].contentId',
    )
  })

  it('of a template stands in the request, and goes with emails only', () => {
    const template = { case: 'template', value: { name: 'invoice' } } as const
    const request = create(SendNotificationRequestSchema, { content: template, attachments: [file()] })
    assert.equal(readExtras(request, LIMITS).files.size, 1)
    for (const content of [
      { case: 'sms', value: { text: 'x' } },
      { case: 'email', value: { subject: 'x', text: 'x' } },
    ] as const) {
      const misplaced = create(SendNotificationRequestSchema, {
        ...{ content, attachments: [file()], replyTo: 'a@example.com' },
      })
      assert.deepEqual(
        violations(() => readExtras(misplaced, LIMITS)).map(([field]) => field),
        ['attachments', 'replyTo'],
      )
    }
  })
})
