import type { Act } from '@mainstay/access'
import { fromTypeId } from '@mainstay/kernel'
import type { CallContext } from '@mainstay/rpc'
import type { OtpCaller } from './otp/service.ts'
import type { SignInPlace } from './sessions/service.ts'

export function actOf(ctx: CallContext): Act {
  return { actor: ctx.caller.id, requestId: ctx.requestId, tx: ctx.tx }
}

/** Validation let only well-formed ids through; one above 2^128 is well formed and nobody's. */
export function uuidOf(prefix: string, text: string): string {
  return fromTypeId(prefix, text) ?? 'ffffffff-ffff-ffff-ffff-ffffffffffff'
}

export function pageAsk(request: { pageSize: number; pageToken: string }, ctx: CallContext) {
  const { pageSize, pageToken } = request
  return { method: ctx.method, projectId: ctx.projectId, pageSize, pageToken }
}

export function otpCallerOf(ctx: CallContext): OtpCaller {
  return { clientAddress: ctx.clientAddress, requestId: ctx.requestId, traceId: ctx.trace.traceId }
}

export function placeOf(ctx: CallContext, device: { displayName: string } | undefined): SignInPlace {
  return {
    device: device?.displayName ?? '',
    userAgent: ctx.header('user-agent') ?? '',
    clientAddress: ctx.clientAddress,
  }
}
