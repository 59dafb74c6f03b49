import { apns } from './apns.ts'
import { fcm } from './fcm.ts'
import { webPush } from './web-push.ts'

export const pushServices = [fcm, apns, webPush] as const
