import { fcm } from './fcm.ts'

export const pushServices = [fcm] as const
