import { isInboxLink, isOpenable, severityOf } from '../inbox/content.ts'
import type { InlineContent } from '../rendering.ts'
import type { TemplateChannel } from './content.ts'
import { withText } from './plain-text.ts'
import { type Problem, problem } from './problems.ts'

/** The parts of a template, filled; unused ones are empty. */
export interface Filled {
  subject: string
  text: string
  html: string
  title: string
  body: string
  actionUrl: string
  actionLabel: string
  imageUrl: string
  icon: string
  groupKey: string
  severity: string
  whatsappTemplate: string
  whatsappLanguage: string
  whatsappParameters: readonly string[]
}

type Limited = 'subject' | 'text' | 'title' | 'body' | 'actionUrl' | 'actionLabel' | 'imageUrl' | 'groupKey'

/** The longest that a part may become, in characters: a line of mail (RFC 5322 §2.1.1), else as in the contract. */
const LIMITS: Readonly<Record<TemplateChannel, Partial<Record<Limited, number>>>> = {
  email: { subject: 998 },
  sms: { text: 1600 },
  whatsapp: { text: 4096 },
  push: { title: 200, body: 2000, actionUrl: 2048 },
  inbox: { title: 200, body: 4000, actionUrl: 2048, actionLabel: 80, imageUrl: 2048, groupKey: 128 },
  chat: { text: 12_000 },
}

const MAX_PARAMETER_CHARACTERS = 1024

/** What filled parts cannot be sent as. The data is to blame: the template itself was checked when it was published. */
export function checkFilled(channel: TemplateChannel, filled: Filled): Problem[] {
  const problems: Problem[] = []
  for (const [part, limit] of Object.entries(LIMITS[channel]) as [Limited, number][]) {
    if (filled[part].length > limit) {
      problems.push(problem('data', `makes the ${WORDS[part]} longer than ${limit} characters`))
    }
  }
  if (filled.whatsappParameters.some((value) => value.length > MAX_PARAMETER_CHARACTERS)) {
    problems.push(problem('data', `makes a parameter longer than ${MAX_PARAMETER_CHARACTERS} characters`))
  }
  if (filled.imageUrl.trim() !== '' && !/^https:\/\/\S+$/.test(filled.imageUrl.trim())) {
    problems.push(problem('data', 'makes the image URL one that does not begin with https://'))
  }
  const empty = emptyPart(channel, filled)
  if (empty !== undefined) problems.push(problem('data', `leaves the ${empty} empty`))
  const actionUrl = filled.actionUrl.trim()
  if (actionUrl !== '' && !(channel === 'inbox' ? isInboxLink(actionUrl) : isOpenable(actionUrl))) {
    problems.push(
      problem(
        'data',
        'makes the action URL one that cannot be opened: write https://… or an app’s own scheme',
      ),
    )
  }
  return problems
}

const WORDS: Readonly<Record<Limited, string>> = {
  subject: 'subject',
  text: 'text',
  title: 'title',
  body: 'body',
  actionUrl: 'action URL',
  actionLabel: 'action label',
  imageUrl: 'image URL',
  groupKey: 'group key',
}

function emptyPart(
  channel: TemplateChannel,
  { subject, text, html, title, body, whatsappTemplate }: Filled,
): string | undefined {
  const isBlank = (part: string): boolean => part.trim() === ''
  if (channel === 'email') {
    if (isBlank(oneLine(subject))) return 'subject'
    return isBlank(text) && isBlank(html) ? 'email' : undefined
  }
  if (channel === 'push') return isBlank(body) ? 'body' : undefined
  if (channel === 'inbox') return isBlank(title) ? 'title' : undefined
  return isBlank(text) && whatsappTemplate === '' ? 'text' : undefined
}

/** What is handed on: to a provider, or to the inbox. */
export function toInline(channel: TemplateChannel, filled: Filled): InlineContent {
  const { text, html } = filled
  switch (channel) {
    case 'email':
      return { email: withText({ subject: oneLine(filled.subject), text, html }) }
    case 'sms':
      return { sms: { text } }
    case 'chat':
      return { chat: { text } }
    case 'whatsapp': {
      const {
        whatsappTemplate: template,
        whatsappLanguage: language,
        whatsappParameters: parameters,
      } = filled
      return template === ''
        ? { whatsapp: { text } }
        : // Providers refuse lines and tabs in parameters.
          { whatsapp: { template, language, parameters: parameters.map(oneLine) } }
    }
    case 'push': {
      const { title, body, actionUrl } = filled
      const rest = { data: {}, imageUrl: '', collapseKey: '' }
      return { push: { title: oneLine(title), body, actionUrl: actionUrl.trim(), ...rest } }
    }
    case 'inbox':
      return {
        inbox: {
          title: oneLine(filled.title),
          body: filled.body.trim(),
          actionUrl: filled.actionUrl.trim(),
          actionLabel: oneLine(filled.actionLabel),
          imageUrl: filled.imageUrl.trim(),
          icon: filled.icon,
          severity: severityOf(filled.severity),
          data: {},
          groupKey: oneLine(filled.groupKey),
        },
      }
  }
}

/** A subject is one line, whatever a value brings along: with a line break it could begin a header of its own. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return text.replace(/\s*[\u0000-\u001f\u007f\u0085\u2028\u2029]+\s*/g, ' ').trim()
}
