import type { CallContext, Caller, Ports } from '@mainstay/rpc'
import { addressKey } from './addresses.ts'
import type { LimitsSettings } from './config.ts'
import { limitHeaders } from './headers.ts'
import type { Decision, Limit } from './limit.ts'
import { exceeded, type Limits } from './limits.ts'

/** The limits on calls: by address for public methods, by account, by API key. What is 0 in the settings does not exist. */
export function createCallLimits(
  limits: Pick<Limits, 'take'>,
  settings: LimitsSettings,
): NonNullable<Ports['limit']> {
  const mode = settings.shadow ? 'shadow' : 'enforce'
  const perMinute = (name: string, count: number): Limit | undefined =>
    count === 0
      ? undefined
      : {
          name,
          algorithm: 'gcra',
          count,
          periodMs: 60_000,
          burst: Math.ceil(count / 2),
          mode,
          onFailure: 'local',
        }
  const perAddress = perMinute('public_calls_per_address', settings.publicPerMinute)
  const perAccount = perMinute('calls_per_account', settings.accountPerMinute)
  const { apiKeyPerSecond: count } = settings
  const perKey: Limit | undefined =
    count === 0
      ? undefined
      : {
          name: 'calls_per_api_key',
          algorithm: 'gcra',
          count,
          periodMs: 1000,
          burst: count * 2,
          mode,
          onFailure: 'local',
        }

  const limitOf = (caller: Caller, ctx: CallContext): [Limit | undefined, string] => {
    switch (caller.kind) {
      case 'anonymous':
        return [perAddress, addressKey(ctx.clientAddress)]
      case 'account':
        return [perAccount, caller.id]
      case 'api_key':
        return [perKey, caller.id]
      default:
        return [undefined, '']
    }
  }

  const settle = (decision: Decision, ctx: CallContext): void => {
    for (const [name, value] of limitHeaders(decision)) ctx.setHeader(name, value)
    if (decision.decidedBy !== undefined) throw exceeded(decision.decidedBy)
  }

  return (caller, _method, ctx) => {
    const [limit, key] = limitOf(caller, ctx)
    if (limit === undefined) return
    const decision = limits.take([{ limit, key: [key] }])
    return decision instanceof Promise ? decision.then((made) => settle(made, ctx)) : settle(decision, ctx)
  }
}
