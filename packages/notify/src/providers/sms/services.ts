import { twilioSms } from './twilio.ts'
import { vonageSms } from './vonage.ts'

/** Every provider of text messages. */
export const smsServices = [twilioSms, vonageSms] as const
