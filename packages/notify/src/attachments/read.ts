import { createHash } from 'node:crypto'
import { appError, type FieldViolation } from '@mainstay/kernel'
import type { SendNotificationRequest } from '@mainstay/proto/notify/v1'
import type { Attachment } from '@mainstay/proto/notify/v1/attachments'
import { reasons } from '../errors.ts'
import { formatMailbox, hasControlCharacters, parseMailbox } from '../providers/mailboxes.ts'
import type { MailExtras, StoredAttachment } from '../rendering.ts'

export interface AttachmentLimits {
  readonly attachmentMaxBytes: number
  readonly attachmentsMaxBytes: number
}

/** What an email carries besides its words. */
export interface ReadExtras {
  /** As it is stored with the content; undefined: nothing. */
  stored: MailExtras | undefined
  /** The files, by their hash in hexadecimal. */
  files: ReadonlyMap<string, Uint8Array>
}

const NOTHING: ReadExtras = { stored: undefined, files: new Map() }

/**
 * Reads what travels with an email: of an inline one its own fields, of a template's those of the request. Throws
 * `notify.request_invalid` with each field that is wrong.
 */
export function readExtras(request: SendNotificationRequest, limits: AttachmentLimits): ReadExtras {
  const { content } = request
  const isInline = content.case === 'email'
  const given = isInline ? content.value : request
  const violations = isInline || content.case === 'template' ? [] : misplaced(request)
  if (isInline) violations.push(...misplaced(request))
  if (given.attachments.length === 0 && given.replyTo === '' && violations.length === 0) return NOTHING
  const prefix = isInline ? 'email.' : ''
  violations.push(...checkFiles(given.attachments, `${prefix}attachments`, limits))
  const replyTo = given.replyTo === '' ? undefined : parseMailbox(given.replyTo)
  if (given.replyTo !== '' && replyTo === undefined) {
    violations.push({
      field: `${prefix}replyTo`,
      description: 'must be one email address, as `Name <a@b.example>`',
    })
  }
  if (violations.length > 0) {
    throw appError(
      reasons,
      'notify.request_invalid',
      'The email cannot be sent like this: see the details.',
      {
        violations,
      },
    )
  }
  const files = new Map<string, Uint8Array>()
  const attachments = given.attachments.map((file) => toStored(file, files))
  return {
    stored: {
      ...(attachments.length > 0 && { attachments }),
      ...(replyTo !== undefined && { replyTo: formatMailbox(replyTo) }),
    },
    files,
  }
}

/** The request's own fields are for templates of emails. */
function misplaced({ attachments, replyTo, content }: SendNotificationRequest): FieldViolation[] {
  const instead = content.case === 'email' ? 'set the field of `email` instead' : 'goes with emails only'
  return [
    ...(attachments.length > 0 ? [{ field: 'attachments', description: instead }] : []),
    ...(replyTo !== '' ? [{ field: 'replyTo', description: instead }] : []),
  ]
}

/** Of a template that turns out to make something else than an email. */
export function refuseExtras(): never {
  throw appError(reasons, 'notify.request_invalid', 'Attachments and replyTo go with emails only.', {
    violations: [
      { field: 'template', description: 'makes no email, which alone has attachments and replyTo' },
    ],
  })
}

function checkFiles(files: readonly Attachment[], field: string, limits: AttachmentLimits): FieldViolation[] {
  const violations: FieldViolation[] = []
  const ids = new Set<string>()
  let total = 0
  for (const [index, { fileName, content, contentId, contentType }] of files.entries()) {
    const at = `${field}[${index}]`
    const wrong = wrongName(fileName)
    if (wrong !== undefined) violations.push({ field: `${at}.fileName`, description: wrong })
    if (/^(?:multipart|message)\//i.test(contentType)) {
      const description = 'must be the type of a file: multipart and message are kinds of mail'
      violations.push({ field: `${at}.contentType`, description })
    }
    if (contentId !== '' && ids.has(contentId)) {
      violations.push({
        field: `${at}.contentId`,
        description: 'must be different from that of every other file',
      })
    }
    ids.add(contentId)
    total += content.length
    if (content.length > limits.attachmentMaxBytes) {
      violations.push({
        field: `${at}.content`,
        description: `must have at most ${limits.attachmentMaxBytes} bytes`,
      })
    }
  }
  if (total > limits.attachmentsMaxBytes) {
    violations.push({ field, description: `must have at most ${limits.attachmentsMaxBytes} bytes in all` })
  }
  return violations
}

/** What would end a header, leave a folder, or make a program look like a picture: `invoice\u202Efdp.exe`. */
function wrongName(name: string): string | undefined {
  if (hasControlCharacters(name) || !name.isWellFormed())
    return 'must not have line breaks or control characters'
  if (/[/\\]/.test(name) || /^\.+$/.test(name)) return 'must be the name of a file, without its folder'
  if (/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(name)) {
    return 'must not have characters that change the direction of writing'
  }
  return name.trim() === name ? undefined : 'must not begin or end with a space'
}

function toStored(
  { fileName, contentType, contentId, content }: Attachment,
  files: Map<string, Uint8Array>,
): StoredAttachment {
  const hash = createHash('sha256').update(content).digest('hex')
  files.set(hash, content)
  return {
    fileName: fileName.normalize('NFC'),
    contentType: contentType === '' ? 'application/octet-stream' : contentType.toLowerCase(),
    contentId,
    hash,
    size: content.length,
  }
}
