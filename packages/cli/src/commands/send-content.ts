import { readFile } from 'node:fs/promises'
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf'
import type { SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'
import { CommandError, EXIT } from '../failure.ts'

/** Every channel, with what an address of it is called in `Target`. */
export const CHANNELS = {
  email: 'email',
  sms: 'phone',
  whatsapp: 'phone',
  push: 'deviceToken',
  chat: 'chat',
  webhook: 'url',
  inbox: 'recipientId',
} as const

export type ChannelName = keyof typeof CHANNELS

/** What the flags say of the content. */
export interface ContentFlags {
  channel: ChannelName
  template?: string
  subject?: string
  text?: string
  html?: string
  title?: string
  type?: string
  data: JsonObject
}

type Request = MessageInitShape<typeof SendNotificationRequestSchema>
type Content = NonNullable<Request['content']>

/** Which flags each channel's content is made of; `--template` takes the place of an email's. */
const FLAGS: Record<ChannelName, readonly ('subject' | 'text' | 'html' | 'title' | 'type')[]> = {
  email: ['subject', 'text', 'html'],
  sms: ['text'],
  whatsapp: ['text'],
  push: ['title', 'text'],
  chat: ['text'],
  webhook: ['type'],
  inbox: ['title', 'text'],
}

/** Reads the content from the flags; a text or HTML that begins with @ is the name of a file. */
export async function readContent(flags: ContentFlags): Promise<Content> {
  const { channel, template, subject, title = '', type } = flags
  const given = (['subject', 'text', 'html', 'title', 'type'] as const).filter((name) => flags[name])
  if (template && given.length > 0)
    throw new CommandError('Give --template, or --subject with --text or --html, not both.', EXIT.usage)
  if (template) return { case: 'template', value: { name: template } }
  const strange = given.find((name) => !FLAGS[channel].includes(name))
  if (strange !== undefined) {
    const takes = FLAGS[channel].map((name) => `--${name}`).join(', ')
    throw new CommandError(`--${strange} says nothing over ${channel}, which takes ${takes}.`, EXIT.usage)
  }
  const text = await textOrFile(flags.text)
  const html = await textOrFile(flags.html)
  if (channel === 'email') {
    if (!subject || !(text || html))
      throw new CommandError('Say what it says: --subject with --text or --html, or --template.', EXIT.usage)
    return { case: 'email', value: { subject, text, html } }
  }
  if (channel === 'webhook') {
    if (!type) throw new CommandError('Say what happened: --type, for example order.shipped.', EXIT.usage)
    return { case: 'webhook', value: { type, data: flags.data } }
  }
  if (channel === 'inbox') {
    if (!title) throw new CommandError('Say what it is about: --title.', EXIT.usage)
    return { case: 'inbox', value: { title, body: text } }
  }
  if (!text) throw new CommandError('Say what it says: --text.', EXIT.usage)
  if (channel === 'push') return { case: 'push', value: { title, body: text } }
  if (channel === 'whatsapp') return { case: 'whatsapp', value: { content: { case: 'text', value: text } } }
  return { case: channel, value: { text } }
}

async function textOrFile(value: string | undefined): Promise<string> {
  if (!value?.startsWith('@')) return value ?? ''
  return readFile(value.slice(1), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`The file of "${value}" cannot be read (${error.code}).`, EXIT.usage)
  })
}
