import { resend } from './resend.ts'
import { sendgrid } from './sendgrid.ts'
import { ses } from './ses.ts'

export const emailServices = [resend, sendgrid, ses] as const
