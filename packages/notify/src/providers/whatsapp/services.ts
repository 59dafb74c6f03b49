import { twilioWhatsapp } from './twilio.ts'

/** Every provider of WhatsApp messages. */
export const whatsappServices = [twilioWhatsapp] as const
