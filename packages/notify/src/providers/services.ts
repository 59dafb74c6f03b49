import { chatServices } from './chat/services.ts'
import { emailServices } from './email/services.ts'
import { pushServices } from './push/services.ts'
import type { Service } from './service.ts'
import { smsServices } from './sms/services.ts'
import { webhookServices } from './webhook/services.ts'
import { whatsappServices } from './whatsapp/services.ts'

const all: readonly Service[] = [
  ...emailServices,
  ...smsServices,
  ...whatsappServices,
  ...pushServices,
  ...chatServices,
  ...webhookServices,
]

/** Every provider with a documented HTTP API that accounts can name, by its kind. */
export const services: ReadonlyMap<string, Service> = new Map(all.map((service) => [service.kind, service]))
