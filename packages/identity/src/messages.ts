import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf'
import { durationFromMs, timestampFromDate } from '@bufbuild/protobuf/wkt'
import type { AuditEntryRow } from '@mainstay/access'
import { toTypeId } from '@mainstay/kernel'
import type { OtpChallengeSchema, SignedInSchema } from '@mainstay/proto/identity/v1'
import {
  type AccountSessionSchema,
  AccountState,
  type ExportedRecordSchema,
} from '@mainstay/proto/identity/v1/accounts'
import type { ClientSchema, KindSchema } from '@mainstay/proto/identity/v1/clients'
import type { Exported } from './accounts/export.ts'
import type { AccountWithIdentifiers } from './accounts/store.ts'
import type { ClientRow, KindRow } from './clients/store.ts'
import { LONG_LENGTH, SHORT_LENGTH } from './otp/codes.ts'
import type { Challenge } from './otp/service.ts'
import type { Tokens } from './sessions/service.ts'
import type { SessionRow } from './sessions/store.ts'
import type { SignedInAccount } from './sign-in.ts'

/** What is stored, as the contract says it. */
export function toAccount(row: AccountWithIdentifiers) {
  return {
    accountId: toTypeId('acc', row.account_id),
    kind: row.kind,
    state: row.state,
    displayName: row.display_name,
    locale: row.locale,
    attributes: row.attributes as JsonObject,
    identifiers: row.identifiers.map(({ type, value, verify_time }) => ({
      ...{ type, value },
      verifyTime: verify_time === null ? undefined : timestampFromDate(new Date(verify_time)),
    })),
    personId: toTypeId('per', row.person_id),
    test: !row.live,
    createTime: timestampFromDate(row.create_time),
    updateTime: timestampFromDate(row.update_time),
    lastSignInTime: timestampOf(row.last_sign_in_time),
    banTime: row.state === AccountState.BANNED ? timestampOf(row.ban_time) : undefined,
    banReason: row.ban_reason,
    etag: row.version,
    anonymous: row.anonymous,
    deleteDueTime: timestampOf(row.delete_due_time),
  }
}

/** What a person is told of their own account. */
export function toOwnAccount(row: AccountWithIdentifiers) {
  return { ...toAccount(row), banTime: undefined, banReason: '', personId: '' }
}

export function toSession(row: SessionRow, current = false): MessageInitShape<typeof AccountSessionSchema> {
  return {
    sessionId: toTypeId('asn', row.session_id),
    clientId: toTypeId('cli', row.client_id),
    device: row.device,
    userAgent: row.user_agent,
    clientAddress: row.client_address,
    methods: row.methods,
    createTime: timestampFromDate(row.create_time),
    lastUseTime: timestampFromDate(row.last_use_time),
    expireTime: timestampFromDate(row.idle_expire_time),
    endTime: timestampOf(row.end_time),
    endReason: row.end_reason,
    current,
    impersonator: row.impersonator,
    readOnly: row.read_only,
  }
}

export function toAuditEntry(row: AuditEntryRow) {
  return {
    auditEntryId: toTypeId('aud', row.audit_entry_id),
    createTime: timestampFromDate(row.create_time),
    actor: row.actor,
    action: row.action,
    resource: row.resource,
    requestId: row.request_id,
  }
}

export function toExported(record: Exported): MessageInitShape<typeof ExportedRecordSchema> {
  if (record.is === 'account') return { record: { case: 'account', value: toAccount(record.row) } }
  if (record.is === 'session') return { record: { case: 'session', value: toSession(record.row) } }
  return { record: { case: 'auditEntry', value: toAuditEntry(record.row) } }
}

export function toKind(row: KindRow): MessageInitShape<typeof KindSchema> {
  return {
    kind: row.kind,
    displayName: row.display_name,
    inviteOnly: row.invite_only,
    phoneChannels: row.phone_channels,
    emailRefused: row.email_refused,
    accessTokenTtl: durationFromMs(row.access_token_ttl_ms),
    sessionIdleTtl: durationFromMs(row.session_idle_ttl_ms),
    sessionTtl: durationFromMs(row.session_ttl_ms),
    senderName: row.sender_name,
    whatsappTemplate: row.whatsapp_template,
    whatsappLanguages: row.whatsapp_languages,
    testCode: row.test_code,
  }
}

export function toClient(row: ClientRow): MessageInitShape<typeof ClientSchema> {
  return {
    clientId: toTypeId('cli', row.client_id),
    kind: row.kind,
    displayName: row.display_name,
    test: !row.live,
    audience: row.audience,
    webOtpDomain: row.web_otp_domain,
    smsRetrieverHash: row.sms_retriever_hash,
    disabled: row.disabled,
    createTime: timestampFromDate(row.create_time),
  }
}

export function toOtpChallenge({
  row,
  channels,
  resendTime,
}: Challenge): MessageInitShape<typeof OtpChallengeSchema> {
  return {
    challengeId: toTypeId('otp', row.challenge_id),
    channel: row.channel,
    channels,
    expireTime: timestampFromDate(row.expire_time),
    resendTime: resendTime && timestampFromDate(resendTime),
    codeLength: row.long_code ? LONG_LENGTH : SHORT_LENGTH,
  }
}

export function toTokens(tokens: Tokens) {
  return {
    accessToken: tokens.accessToken,
    accessTokenExpireTime: timestampFromDate(tokens.accessTokenExpireTime),
    refreshToken: tokens.refreshToken,
    sessionExpireTime: timestampFromDate(tokens.sessionExpireTime),
    sessionId: toTypeId('asn', tokens.sessionId),
  }
}

export function toSignedIn({
  tokens,
  account,
  created,
  deviceToken,
}: SignedInAccount): MessageInitShape<typeof SignedInSchema> {
  return { ...toTokens(tokens), account: toOwnAccount(account), created, deviceToken }
}

function timestampOf(date: Date | null) {
  return date === null ? undefined : timestampFromDate(date)
}
