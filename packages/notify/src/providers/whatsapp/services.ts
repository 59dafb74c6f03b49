import { metaWhatsapp } from './meta.ts'
import { twilioWhatsapp } from './twilio.ts'

/** Every provider of WhatsApp messages. */
export const whatsappServices = [metaWhatsapp, twilioWhatsapp] as const
