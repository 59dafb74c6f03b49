import { oneLine } from '../../templates/filled.ts'
import { NO_SENTENCES } from '../../templates/icu-messages.ts'
import { beginFilling, createEngine } from '../../templates/liquid.ts'
import { type Problem, templateInvalid } from '../../templates/problems.ts'
import type { Letter, MessageClassName } from '../definition/definition.ts'
import type { Scope } from '../expression/evaluate.ts'

/** A SendNotificationRequest as JSON, but for whom it is to and its dedupe key. */
export type LetterRequest = Record<string, unknown>

const CLASSES: Readonly<Record<MessageClassName, string>> = {
  otp: 'MESSAGE_CLASS_OTP',
  transactional: 'MESSAGE_CLASS_TRANSACTIONAL',
  bulk: 'MESSAGE_CLASS_BULK',
}

/**
 * What a step asks SendNotification for. A template is filled there; content is filled here, with the same engine and the same
 * limits, values escaped in HTML. Throws `notify.template_invalid` with the path of what cannot be filled.
 */
export function writeLetter(
  letter: Letter,
  scope: Scope,
  defaults: { messageClass: MessageClassName; category: string },
): LetterRequest {
  const { channel, template, content, ttlMs } = letter
  return {
    ...(template !== undefined
      ? { template, data: templateData(scope) }
      : { [channel]: fillTexts(content, scope) }),
    messageClass: CLASSES[letter.messageClass ?? defaults.messageClass],
    ...(defaults.category !== '' && { category: defaults.category }),
    ...(ttlMs !== undefined && { ttl: `${ttlMs / 1000}s` }),
  }
}

/** What is stored with the message, once: a template sees the fields of the data as it does in a call of SendNotification. */
function templateData({ data, recipient, items, count }: Scope): Scope {
  return { ...(data as Scope), recipient, items, count }
}

/** Fills every text of a JSON value. */
export function fillTexts(value: unknown, scope: Scope): unknown {
  const problems: Problem[] = []
  const filling = beginFilling(scope, problems)
  const fill = (one: unknown, path: string): unknown => {
    if (typeof one === 'string') {
      if (!one.includes('{')) return one
      const text = (path === 'html' ? HTML : PLAIN).parse(one, path, problems)(filling)
      return ONE_LINE.has(path) ? oneLine(text) : text
    }
    if (Array.isArray(one)) return one.map((item, index) => fill(item, `${path}[${index}]`))
    if (typeof one !== 'object' || one === null) return one
    return Object.fromEntries(
      Object.entries(one).map(([name, inner]) => [name, fill(inner, path === '' ? name : `${path}.${name}`)]),
    )
  }
  const filled = fill(value, '')
  if (problems.length > 0) throw templateInvalid('The content cannot be filled with this data.', problems)
  return filled
}

/** A value with a line break must not be able to begin a header of its own. */
const ONE_LINE: ReadonlySet<string> = new Set(['subject', 'title'])

const PLAIN = createEngine({ html: false, files: {}, translator: NO_SENTENCES })
const HTML = createEngine({ html: true, files: {}, translator: NO_SENTENCES })
