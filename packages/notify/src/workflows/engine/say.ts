import { type Delivery, refusalOf } from './deliver.ts'
import { EntryKind } from './run.ts'
import type { Walk } from './surroundings.ts'

/** Sends, and writes down what came of it. Returns the messages; none: it was refused for good. */
export async function sayOnce(
  { around, entries }: Walk,
  stepId: string,
  key: string,
  letter: Delivery['letter'],
): Promise<readonly string[]> {
  const what = 'url' in letter ? 'webhook' : letter.channel
  try {
    const ids = await around.deliver({ key, letter })
    const title = `Sent by ${CHANNEL_WORDS[what]}`
    for (const [index, messageId] of ids.entries()) {
      const entry = index === 0 ? key : `${key}/${index}`
      entries.push({ entry, kind: EntryKind.MESSAGE, step: stepId, title, messageId })
    }
    return ids
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === undefined) throw error
    const title = `Not sent by ${CHANNEL_WORDS[what]}`
    entries.push({ entry: key, kind: EntryKind.REFUSED, step: stepId, title, detail: refusal })
    return []
  }
}

export const CHANNEL_WORDS: Readonly<Record<string, string>> = {
  email: 'email',
  sms: 'text message',
  whatsapp: 'WhatsApp',
  push: 'push notification',
  chat: 'chat',
  inbox: 'inbox',
  webhook: 'webhook',
}
