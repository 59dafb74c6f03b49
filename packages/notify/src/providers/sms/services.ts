import { twilioSms } from './twilio.ts'

/** Every provider of text messages. */
export const smsServices = [twilioSms] as const
