import { standardWebhook } from './standard-webhook.ts'

export const webhookServices = [standardWebhook] as const
