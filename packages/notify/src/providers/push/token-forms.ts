/*
 * Which service a device's token is of, by its form. APNs' are bytes in hexadecimal, a browser's subscription is a JSON object,
 * and FCM's are neither: base64url with a colon or two.
 */

export function isApnsToken(token: string): boolean {
  return /^([0-9a-f]{2}){8,100}$/i.test(token)
}

export function isSubscription(token: string): boolean {
  return /^\s*\{/.test(token)
}

export function isFcmToken(token: string): boolean {
  return !isApnsToken(token) && !isSubscription(token)
}
