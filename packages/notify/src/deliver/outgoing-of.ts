import type { Outgoing } from '../providers/outgoing.ts'
import type { ProviderContent } from '../rendering.ts'

/** What is said of a message whatever its channel. */
type Envelope = Omit<Extract<Outgoing, { channel: 'sms' }>, 'channel' | 'text'>

/** A message as providers are handed it, but for the bytes of its files. */
export function addressed(
  envelope: Envelope,
  content: ProviderContent,
  headers: Readonly<Record<string, string>>,
): Outgoing {
  if ('email' in content) {
    const { attachments: _stored, ...email } = content.email
    return { ...envelope, channel: 'email', ...email, headers }
  }
  if ('sms' in content) return { ...envelope, channel: 'sms', ...content.sms }
  if ('whatsapp' in content) return { ...envelope, channel: 'whatsapp', content: content.whatsapp }
  if ('push' in content) return { ...envelope, channel: 'push', ...content.push }
  if ('chat' in content) return { ...envelope, channel: 'chat', ...content.chat }
  return { ...envelope, channel: 'webhook', ...content.webhook, secret: '' }
}
