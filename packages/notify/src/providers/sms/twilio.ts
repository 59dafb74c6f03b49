import { isSmsSender } from '../phone-numbers.ts'
import { defineService } from '../service.ts'
import {
  isMessagingService,
  judgeTwilio,
  readTwilioId,
  twilioFields,
  twilioRequest,
  twilioVerify,
} from '../twilio.ts'
import { twilioReports } from '../twilio-reports.ts'

/** SMS by Twilio's Messages API. It queues what is beyond a sender's own rate rather than to refuse it. */
export const twilioSms = defineService({
  kind: 'twilio_sms',
  title: 'Twilio (SMS)',
  channel: 'sms',
  documentation: 'https://www.twilio.com/docs/messaging/api/message-resource',
  semantics: { idempotencyWindowMs: 0, priceUnit: 'segment', messagesPerSecond: 0 },
  fields: twilioFields,
  senderHelp:
    '+14155550100, a short code, a sender id of up to 11 letters, or the SID of a messaging service (MG…)',
  isSender: (sender) => isMessagingService(sender) || isSmsSender(sender),
  reports: twilioReports,
  request: (message, config) => {
    const { from, to, text } = message
    const sender = isMessagingService(from) ? { MessagingServiceSid: from } : { From: from }
    return twilioRequest(message, { To: to, ...sender, Body: text }, config)
  },
  readId: readTwilioId,
  judge: judgeTwilio,
  verify: twilioVerify,
})
