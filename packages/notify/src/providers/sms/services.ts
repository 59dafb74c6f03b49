import { birdSms } from './bird.ts'
import { gupshupSms } from './gupshup.ts'
import { msg91Sms } from './msg91.ts'
import { snsSms } from './sns.ts'
import { twilioSms } from './twilio.ts'
import { vonageSms } from './vonage.ts'

/** Every provider of text messages. */
export const smsServices = [birdSms, gupshupSms, msg91Sms, snsSms, twilioSms, vonageSms] as const
