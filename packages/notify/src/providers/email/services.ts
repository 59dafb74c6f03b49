import { resend } from './resend.ts'
import { sendgrid } from './sendgrid.ts'

export const emailServices = [resend, sendgrid] as const
