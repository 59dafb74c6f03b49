import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Clock, fromTypeId, newId, toTypeId } from '@mainstay/kernel'
import type { CanonicalIdentifier } from './identifiers.ts'

/** Whose device: an identifier within a project, a mode and a kind. */
export interface DeviceOwner {
  projectId: string
  live: boolean
  kind: string
  identifier: CanonicalIdentifier
}

/**
 * Tells a device that its owner has signed in on from all others, so that somebody who guesses at the owner's codes from
 * elsewhere uses up a budget of their own (OWASP's device cookies). `dev_…` and, after a dot, an HMAC over the device and
 * whose it is; it opens nothing by itself.
 *
 * @param key 32 bytes, the same in every process.
 */
export function createDevices(key: Uint8Array, clock: Clock) {
  const sign = (device: string, { projectId, live, kind, identifier }: DeviceOwner): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([device, projectId, live, kind, identifier.type, identifier.value]))
      .digest()

  return {
    /** A token for the device that the owner has just signed in on. A device keeps its id. */
    issue(owner: DeviceOwner, deviceId: string = newId(clock)): string {
      const device = toTypeId('dev', deviceId)
      return `${device}.${sign(device, owner).toString('base64url')}`
    },
    /** The device's uuid, when the token is good for this owner. */
    read(token: string, owner: DeviceOwner): string | undefined {
      const [device = '', mac = ''] = token.split('.')
      const deviceId = fromTypeId('dev', device)
      const given = Buffer.from(mac, 'base64url')
      const expected = sign(device, owner)
      if (deviceId === undefined || given.length !== expected.length) return
      return timingSafeEqual(given, expected) ? deviceId : undefined
    },
  }
}

export type Devices = ReturnType<typeof createDevices>
