import { durationMs } from '@bufbuild/protobuf/wkt'
import { appError } from '@mainstay/kernel'
import { type Client, Clients as ClientsService, type Kind } from '@mainstay/proto/identity/v1/clients'
import { type Implementation, implement } from '@mainstay/rpc'
import { requireMode } from '../accounts/service.ts'
import { actOf, pageAsk, uuidOf } from '../calls.ts'
import { reasons } from '../errors.ts'
import { toClient, toKind } from '../messages.ts'
import type { Clients } from './service.ts'
import type { ClientRow, KindRow } from './store.ts'

/** The handlers of the service Clients. */
export function implementClients({ clients }: { clients: Clients }): Implementation {
  return implement(ClientsService, {
    async listKinds(_request, ctx) {
      return { kinds: (await clients.listKinds(ctx.projectId)).map(toKind) }
    },
    async updateKind({ kind, updateMask }, ctx) {
      if (ctx.caller.kind === 'api_key' && ctx.caller.testMode) {
        throw appError(
          reasons,
          'identity.mode_not_allowed',
          'The rules of a kind hold for live accounts as well, and a test key changes nothing live. Use a live key.',
        )
      }
      const paths = requirePaths(updateMask?.paths ?? Object.keys(KIND_FIELDS), KIND_FIELDS)
      const change = (before: KindRow): KindRow => {
        const changed = { ...before }
        for (const path of paths) if (kind) Object.assign(changed, KIND_FIELDS[path]?.(kind, before))
        return changed
      }
      return toKind(await clients.updateKind(actOf(ctx), ctx.projectId, kind?.kind ?? '', change))
    },

    async createClient({ client }, ctx) {
      const {
        kind = '',
        displayName = '',
        audience = '',
        webOtpDomain = '',
        smsRetrieverHash = '',
      } = client ?? {}
      if (displayName.trim() === '') throw invalid('client.displayName', 'must be 1 to 80 characters')
      const row = await clients.create(actOf(ctx), {
        project_id: ctx.projectId,
        live: !ctx.caller.testMode,
        kind,
        display_name: displayName,
        audience,
        web_otp_domain: webOtpDomain,
        sms_retriever_hash: smsRetrieverHash,
      })
      return toClient(row)
    },
    async getClient({ clientId }, ctx) {
      return toClient(await clients.get(ctx.projectId, uuidOf('cli', clientId)))
    },
    async listClients(request, ctx) {
      const page = await clients.list(pageAsk(request, ctx))
      return { clients: page.rows.map(toClient), nextPageToken: page.nextPageToken }
    },
    async updateClient({ client, updateMask }, ctx) {
      const paths = requirePaths(updateMask?.paths ?? [], CLIENT_FIELDS)
      const change = (before: ClientRow): ClientRow => {
        requireMode(before.live, ctx.caller.testMode)
        const changed = { ...before }
        for (const path of paths) if (client) Object.assign(changed, CLIENT_FIELDS[path]?.(client))
        return changed
      }
      const clientId = uuidOf('cli', client?.clientId ?? '')
      return toClient(await clients.update(actOf(ctx), ctx.projectId, clientId, change))
    },
  })
}

/** What each path of a mask sets. An unset duration stays as it was. */
const KIND_FIELDS: Record<string, (kind: Kind, before: KindRow) => Partial<KindRow>> = {
  display_name: ({ displayName, kind }) => ({ display_name: displayName || kind }),
  invite_only: ({ inviteOnly }) => ({ invite_only: inviteOnly }),
  phone_channels: ({ phoneChannels }) => ({ phone_channels: phoneChannels }),
  email_refused: ({ emailRefused }) => ({ email_refused: emailRefused }),
  access_token_ttl: ({ accessTokenTtl: ttl }, before) => ({
    access_token_ttl_ms: ttl ? durationMs(ttl) : before.access_token_ttl_ms,
  }),
  session_idle_ttl: ({ sessionIdleTtl: ttl }, before) => ({
    session_idle_ttl_ms: ttl ? durationMs(ttl) : before.session_idle_ttl_ms,
  }),
  session_ttl: ({ sessionTtl: ttl }, before) => ({
    session_ttl_ms: ttl ? durationMs(ttl) : before.session_ttl_ms,
  }),
  sender_name: ({ senderName }) => ({ sender_name: senderName }),
  whatsapp_template: ({ whatsappTemplate }) => ({ whatsapp_template: whatsappTemplate }),
  whatsapp_languages: ({ whatsappLanguages }) => ({ whatsapp_languages: whatsappLanguages }),
  test_code: ({ testCode }) => ({ test_code: testCode }),
}

const CLIENT_FIELDS: Record<string, (client: Client) => Partial<ClientRow>> = {
  display_name: ({ displayName }) => {
    if (displayName.trim() === '') throw invalid('client.displayName', 'must be 1 to 80 characters')
    return { display_name: displayName }
  },
  audience: ({ audience }) => {
    if (audience === '') throw invalid('client.audience', 'must be 1 to 200 characters')
    return { audience }
  },
  web_otp_domain: ({ webOtpDomain }) => ({ web_otp_domain: webOtpDomain }),
  sms_retriever_hash: ({ smsRetrieverHash }) => ({ sms_retriever_hash: smsRetrieverHash }),
  disabled: ({ disabled }) => ({ disabled }),
}

function requirePaths(paths: readonly string[], known: Record<string, unknown>): readonly string[] {
  const unknown = paths.find((path) => !Object.hasOwn(known, path))
  if (unknown === undefined) return paths
  throw invalid('updateMask', `names ${unknown}: what changes is ${Object.keys(known).join(', ')}`)
}

function invalid(field: string, description: string) {
  return appError(reasons, 'identity.request_invalid', 'The request does not fit: see the details.', {
    violations: [{ field, description }],
  })
}
