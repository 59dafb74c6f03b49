import { birdSms } from './bird.ts'
import { gupshupSms } from './gupshup.ts'
import { snsSms } from './sns.ts'
import { twilioSms } from './twilio.ts'
import { vonageSms } from './vonage.ts'

/** Every provider of text messages. */
export const smsServices = [birdSms, gupshupSms, snsSms, twilioSms, vonageSms] as const
