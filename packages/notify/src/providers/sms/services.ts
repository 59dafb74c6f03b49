import { birdSms } from './bird.ts'
import { snsSms } from './sns.ts'
import { twilioSms } from './twilio.ts'
import { vonageSms } from './vonage.ts'

/** Every provider of text messages. */
export const smsServices = [birdSms, snsSms, twilioSms, vonageSms] as const
