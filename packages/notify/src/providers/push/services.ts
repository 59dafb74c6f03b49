import { apns } from './apns.ts'
import { fcm } from './fcm.ts'

export const pushServices = [fcm, apns] as const
