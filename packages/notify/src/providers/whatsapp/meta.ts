import type { ProviderResult } from '../adapter.ts'
import { jsonObject, textOf } from '../http-outcome.ts'
import type { HttpAnswer } from '../http-sender.ts'
import type { OutgoingWhatsapp } from '../outgoing.ts'
import { isPhoneNumber } from '../phone-numbers.ts'
import { fieldsOf } from '../report-body.ts'
import { defineService } from '../service.ts'
import { metaErrors } from './meta-errors.ts'
import { metaReports } from './meta-reports.ts'

/**
 * Meta's WhatsApp Cloud API. It takes no idempotency key and cannot be asked for a message, but repeats a text of ours in
 * every report (`biz_opaque_callback_data`). New accounts send 80 messages a second from a number.
 *
 * Reports come to the one callback URL of the Meta app, for every number of its business accounts.
 */
export const metaWhatsapp = defineService({
  kind: 'meta_whatsapp',
  title: 'WhatsApp (Meta)',
  channel: 'whatsapp',
  documentation: 'https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'message',
    messagesPerSecond: 80,
  },
  fields: {
    phoneNumberId: {
      label: 'Phone number ID',
      help: 'WhatsApp → API Setup in the Meta app; it is not the number itself.',
      secret: false,
      required: true,
      pattern: /^\d{5,25}$/,
    },
    accessToken: {
      label: 'Access token',
      help: 'Of a system user, with the permission whatsapp_business_messaging.',
      secret: true,
      required: true,
      pattern: /^[A-Za-z0-9_-]{20,}$/,
    },
    appSecret: {
      label: 'App secret',
      help: 'App settings → Basic. Reports are signed with it: without it, they are refused.',
      secret: true,
      required: false,
      forReports: true,
      pattern: /^[0-9a-f]{32}$/,
    },
    verifyToken: {
      label: 'Verify token',
      help: 'A secret of your own choice, which you enter at Meta beside the callback URL.',
      secret: true,
      required: false,
      pattern: /^[\x21-\x7e]{16,200}$/,
    },
  },
  senderHelp: '+14155550100: the number that the phone number ID stands for',
  isSender: isPhoneNumber,
  reports: metaReports,
  request: ({ to, content, messageId }, { phoneNumberId, accessToken }) => ({
    method: 'POST',
    url: `${GRAPH}/${phoneNumberId}/messages`,
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to,
      ...toMeta(content),
      biz_opaque_callback_data: messageId,
    }),
  }),
  readId: readWamid,
  judge,
  verify: ({ phoneNumberId, accessToken }) => ({
    method: 'GET',
    url: `${GRAPH}/${phoneNumberId}?fields=id`,
    headers: { authorization: `Bearer ${accessToken}` },
  }),
})

const GRAPH = 'https://graph.facebook.com/v24.0'

function toMeta(content: OutgoingWhatsapp['content']): object {
  if ('text' in content) return { type: 'text', text: { preview_url: false, body: content.text } }
  const parameters = content.parameters.map((text) => ({ type: 'text', text }))
  return {
    type: 'template',
    template: {
      name: content.template,
      // Meta writes en_US where BCP 47 writes en-US.
      language: { code: content.language.replaceAll('-', '_') },
      ...(parameters.length === 0 ? {} : { components: [{ type: 'body', parameters }] }),
    },
  }
}

function readWamid(answer: HttpAnswer): string | undefined {
  const messages = jsonObject(answer)?.messages
  return Array.isArray(messages) ? textOf(fieldsOf(messages[0]).id) : undefined
}

/** Meta asks to go by `error.code` rather than by the status; codes that are not listed mean what the status says. */
function judge(answer: HttpAnswer, reply: string): ProviderResult | undefined {
  if (answer.status < 400) return undefined
  const { code, error_subcode: subcode } = fieldsOf(jsonObject(answer)?.error)
  if (typeof code !== 'number') return undefined
  // No such object, or not with this token: the phone number ID is wrong.
  if (code === 100 && subcode === 33) return { outcome: 'rejected_transient', reply, accountFault: true }
  if (code >= 132_000 && code < 133_000) return { outcome: 'rejected_permanent', reply }
  if (code >= 200 && code < 300) return { outcome: 'rejected_transient', reply, accountFault: true }
  switch (metaErrors.get(code)) {
    case 'message':
      return { outcome: 'rejected_permanent', reply }
    case 'account':
      return { outcome: 'rejected_transient', reply, accountFault: true }
    case 'later':
      return answer.headers['retry-after'] === undefined
        ? { outcome: 'rejected_transient', reply }
        : undefined
    case 'unclear':
      return { outcome: 'unknown', reply }
    case undefined:
      return undefined
  }
}
