import { create } from '@bufbuild/protobuf'
import { durationFromMs } from '@bufbuild/protobuf/wkt'
import { fromTypeId } from '@mainstay/kernel'
import { type Notify, ProviderAccountSchema } from '@mainstay/proto/notify/v1'
import type { CallContext, Handlers } from '@mainstay/rpc'
import { toMessage } from './account-message.ts'
import { listKinds } from './kinds.ts'
import { type AccountAct, notFound, type ProviderAccounts } from './service.ts'

/** The provider account methods of the contract. */
export function providerAccountHandlers(
  accounts: ProviderAccounts,
  reportUrl: (providerAccountId: string) => string,
): Pick<
  Handlers<typeof Notify>,
  | 'createProviderAccount'
  | 'updateProviderAccount'
  | 'listProviderAccounts'
  | 'listProviderKinds'
  | 'verifyProviderAccount'
> {
  return {
    async createProviderAccount({ providerAccount = create(ProviderAccountSchema) }, ctx) {
      return toMessage(await accounts.create(toAct(ctx), providerAccount), reportUrl)
    },
    async updateProviderAccount({ providerAccount = create(ProviderAccountSchema), updateMask }, ctx) {
      const id = requireId(providerAccount.providerAccountId)
      return toMessage(await accounts.update(toAct(ctx), id, providerAccount, updateMask?.paths), reportUrl)
    },
    async listProviderAccounts(_, { projectId }) {
      const found = await accounts.list(projectId)
      return { providerAccounts: found.map(({ row, counts }) => toMessage(row, reportUrl, counts)) }
    },
    listProviderKinds: async () => ({ providerKinds: listKinds() }),
    async verifyProviderAccount({ providerAccountId }, { projectId }) {
      const { ok, detail, durationMs } = await accounts.verify(projectId, requireId(providerAccountId))
      return { ok, detail, duration: durationFromMs(Math.round(durationMs)) }
    },
  }
}

function toAct({ caller, requestId, tx, projectId }: CallContext): AccountAct {
  return { actor: caller.id, requestId, tx, projectId, testMode: caller.testMode }
}

function requireId(text: string): string {
  const uuid = fromTypeId('pac', text)
  if (uuid === undefined) throw notFound()
  return uuid
}
