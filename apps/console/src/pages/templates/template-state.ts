import type { MessageInitShape } from '@bufbuild/protobuf'
import { Channel, type Template, type TemplateSchema } from '@mainstay/proto/notify/v1'
import { TemplateKind } from '@mainstay/proto/notify/v1/templates'

/** The parts that are written as text, one field each. */
export type PartName =
  | 'subject'
  | 'html'
  | 'mjml'
  | 'text'
  | 'title'
  | 'body'
  | 'actionUrl'
  | 'actionLabel'
  | 'groupKey'
  | 'whatsappTemplate'
  | 'whatsappLanguage'
  | 'whatsappParameters'
  | 'source'

/** A template as the editor holds it: everything is text; absent parts are empty. */
export interface TemplateState {
  name: string
  channel: Channel
  kind: TemplateKind
  defaultLocale: string
  parts: Record<string, Partial<Record<PartName, string>>>
  /** By locale, one sentence a line: `key = sentence`. */
  sentences: Record<string, string>
}

/** One field of the editor. */
export interface PartField {
  name: PartName
  label: string
  /** In lines; 1 is a single line. */
  rows: number
  help?: string
}

const EMAIL: readonly PartField[] = [
  { name: 'subject', label: 'Subject', rows: 1 },
  {
    name: 'html',
    label: 'HTML',
    rows: 18,
    help: 'Style sheets are written into the elements when it is published.',
  },
  { name: 'mjml', label: 'MJML', rows: 18, help: 'Becomes HTML when it is published.' },
  {
    name: 'text',
    label: 'Text',
    rows: 6,
    help: 'For readers without HTML. Empty: it is made from the HTML.',
  },
]

const FIELDS: ReadonlyMap<Channel, readonly PartField[]> = new Map([
  [Channel.EMAIL, EMAIL],
  [Channel.SMS, [{ name: 'text', label: 'Text', rows: 6 }]],
  [
    Channel.WHATSAPP,
    [
      { name: 'text', label: 'Text', rows: 6, help: 'Or name a template that the provider has approved.' },
      { name: 'whatsappTemplate', label: 'Approved template', rows: 1 },
      { name: 'whatsappLanguage', label: 'Its language', rows: 1, help: 'As the provider writes it: en_US.' },
      { name: 'whatsappParameters', label: 'Its parameters', rows: 4, help: 'One a line, in their order.' },
    ],
  ],
  [
    Channel.PUSH,
    [
      { name: 'title', label: 'Title', rows: 1 },
      { name: 'body', label: 'Body', rows: 4 },
      { name: 'actionUrl', label: 'Action URL', rows: 1, help: 'What a tap opens. Empty: the app decides.' },
    ],
  ],
  [Channel.CHAT, [{ name: 'text', label: 'Text', rows: 8, help: 'In the chat’s own markup.' }]],
  [
    Channel.INBOX,
    [
      { name: 'title', label: 'Title', rows: 1 },
      { name: 'body', label: 'Body', rows: 4 },
      {
        name: 'actionUrl',
        label: 'Action URL',
        rows: 1,
        help: 'What a click opens: https://… or a path, /orders/7.',
      },
      {
        name: 'actionLabel',
        label: 'Action label',
        rows: 1,
        help: 'The words that open it. Empty: the item itself does.',
      },
      { name: 'groupKey', label: 'Group', rows: 1, help: 'What items that belong together share.' },
    ],
  ],
])

const SOURCE: readonly PartField[] = [{ name: 'source', label: 'Source', rows: 18 }]

/** The fields of a template; of an email either those of HTML or those of MJML. */
export function fieldsOf({ channel, kind }: TemplateState, format: 'html' | 'mjml'): readonly PartField[] {
  if (kind !== TemplateKind.MESSAGE) return SOURCE
  const other = format === 'html' ? 'mjml' : 'html'
  return (FIELDS.get(channel) ?? []).filter(({ name }) => name !== other)
}

export const emptyTemplate: TemplateState = {
  name: '',
  channel: Channel.EMAIL,
  kind: TemplateKind.MESSAGE,
  defaultLocale: 'en',
  parts: { en: {} },
  sentences: {},
}

export function stateOf(template: Template): TemplateState {
  const parts = Object.entries(template.parts).map(([locale, { whatsappParameters, ...own }]) => {
    const texts = Object.entries(own).filter(([name, value]) => !name.startsWith('$') && value !== '')
    return [
      locale,
      { ...Object.fromEntries(texts), whatsappParameters: whatsappParameters.join('\n') },
    ] as const
  })
  const sentences = Object.entries(template.messages).map(
    ([locale, { messages }]) =>
      [
        locale,
        Object.entries(messages)
          .map(([key, text]) => `${key} = ${text.replace(/\s*\n\s*/g, ' ')}`)
          .join('\n'),
      ] as const,
  )
  const { name, channel, kind, defaultLocale } = template
  return {
    name,
    channel,
    kind,
    defaultLocale,
    parts: Object.fromEntries(parts),
    sentences: Object.fromEntries(sentences),
  }
}

/** What the API takes. */
export function toTemplate(state: TemplateState): MessageInitShape<typeof TemplateSchema> {
  const { name, channel, kind, defaultLocale } = state
  const parts = Object.entries(state.parts).map(([locale, { whatsappParameters = '', ...own }]) => {
    const parameters = whatsappParameters.split('\n').filter((line) => line.trim() !== '')
    return [locale, { ...own, whatsappParameters: parameters }] as const
  })
  const messages = Object.entries(state.sentences)
    .map(([locale, text]) => [locale, { messages: readSentences(text).messages }] as const)
    .filter(([, { messages: own }]) => Object.keys(own).length > 0)
  return {
    name,
    channel,
    kind,
    defaultLocale,
    parts: Object.fromEntries(parts),
    messages: Object.fromEntries(messages),
  }
}

/** Reads `key = sentence` lines; `wrong` are the numbers of lines that are none, from 1 on. */
export function readSentences(text: string): { messages: Record<string, string>; wrong: number[] } {
  const messages: Record<string, string> = {}
  const wrong: number[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const [, key, sentence] = /^\s*([A-Za-z0-9_][A-Za-z0-9._-]*)\s*=\s?(.*)$/.exec(line) ?? []
    if (key === undefined || sentence === undefined) wrong.push(index + 1)
    else messages[key] = sentence
  }
  return { messages, wrong }
}

/** Where the sentence of a key stands, from 1 on; 0: nowhere. */
export function lineOfSentence(text: string, key: string): number {
  return text.split('\n').findIndex((line) => line.split('=')[0]?.trim() === key) + 1
}

/** Every text of a template, to find out what data it asks for. */
export function textsOf(state: TemplateState): string[] {
  return Object.values(state.parts).flatMap((own) => Object.values(own))
}
