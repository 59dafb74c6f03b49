import { isPhoneNumber } from '../phone-numbers.ts'
import { defineService, unsendable } from '../service.ts'
import {
  isMessagingService,
  judgeTwilio,
  readTwilioId,
  twilioFields,
  twilioRequest,
  twilioVerify,
} from '../twilio.ts'
import { twilioReports } from '../twilio-reports.ts'

/**
 * WhatsApp by Twilio's Messages API: the same calls, with addresses that begin with `whatsapp:`. A template is a content SID,
 * which stands for one language; its variables are named by their place, from 1 on.
 */
export const twilioWhatsapp = defineService({
  kind: 'twilio_whatsapp',
  title: 'Twilio (WhatsApp)',
  channel: 'whatsapp',
  documentation: 'https://www.twilio.com/docs/whatsapp/api',
  semantics: { idempotencyWindowMs: 0, priceUnit: 'message', messagesPerSecond: 80 },
  fields: twilioFields,
  senderHelp:
    '+14155550100, a number registered as a WhatsApp sender, or the SID of a messaging service (MG…)',
  isSender: (sender) => isMessagingService(sender) || isPhoneNumber(sender),
  reports: twilioReports,
  request: (message, config) => {
    const { from, to, content } = message
    const addresses = {
      To: `whatsapp:${to}`,
      ...(isMessagingService(from) ? { MessagingServiceSid: from } : { From: `whatsapp:${from}` }),
    }
    if ('text' in content) return twilioRequest(message, { ...addresses, Body: content.text }, config)
    if (!/^HX[0-9a-f]{32}$/.test(content.template)) {
      return unsendable('The template is not named by its content SID at Twilio (HX…).')
    }
    const variables = content.parameters.map((value, index) => [String(index + 1), value])
    return twilioRequest(
      message,
      {
        ...addresses,
        ContentSid: content.template,
        ...(variables.length === 0
          ? {}
          : { ContentVariables: JSON.stringify(Object.fromEntries(variables)) }),
      },
      config,
    )
  },
  readId: readTwilioId,
  judge: judgeTwilio,
  verify: twilioVerify,
})
