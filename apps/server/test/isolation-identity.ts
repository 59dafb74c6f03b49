import type { Owned, Probe } from './isolation.ts'

const PREFIX = 'identity.v1'

/** One request for each method of identity that knows something of a project, in an order in which the owner's all succeed. */
export function identityProbes(owned: Owned): Record<string, Probe> {
  const accountId = owned.personAccountId
  const accounts: Record<string, Probe> = {
    GetAccount: { request: { accountId }, owner: 'shows' },
    ListAccounts: { request: {}, owner: 'shows' },
    UpdateAccount: {
      request: { account: { accountId, locale: 'pt' }, updateMask: 'locale' },
      ...{ owner: 'shows', testKey: 'refused' },
    },
    ListAccountSessions: { request: { accountId }, owner: 'done' },
    ListAccountAuditEntries: { request: { accountId }, owner: 'done' },
    AddAccountIdentifier: {
      request: { accountId, identifier: { type: 'IDENTIFIER_TYPE_EMAIL', value: 'probe@example.com' } },
      ...{ owner: 'shows', testKey: 'refused' },
    },
    RemoveAccountIdentifier: {
      request: { accountId, identifier: { type: 'IDENTIFIER_TYPE_EMAIL', value: 'probe@example.com' } },
      ...{ owner: 'shows', testKey: 'refused' },
    },
    ListPersonAccounts: { request: { personId: owned.personId }, owner: 'shows' },
    KeepAccount: { request: { accountId }, owner: 'shows', testKey: 'refused' },
    EndAccountSessions: { request: { accountId }, owner: 'done', testKey: 'refused' },
    BanAccount: { request: { accountId, reason: 'none' }, owner: 'shows', testKey: 'refused' },
    UnbanAccount: { request: { accountId }, owner: 'shows', testKey: 'refused' },
    DeleteAccount: { request: { accountId }, owner: 'shows', testKey: 'refused' },
  }
  const otpProtection: Record<string, Probe> = {
    GetOtpRules: { request: {}, owner: 'done' },
    UpdateOtpRules: {
      request: { otpRules: { deniedCountries: ['AQ'] }, updateMask: 'deniedCountries' },
      ...{ owner: 'done', testKey: 'refused' },
    },
    GetOtpOverview: { request: {}, owner: 'done' },
    ListOtpDecisions: { request: {}, owner: 'done' },
  }
  const { clientId } = owned
  const clients: Record<string, Probe> = {
    ListKinds: { request: {}, owner: 'done' },
    UpdateKind: {
      request: { kind: { kind: 'driver', senderName: 'other' }, updateMask: 'senderName' },
      ...{ owner: 'done', testKey: 'refused' },
    },
    GetClient: { request: { clientId }, owner: 'shows' },
    ListClients: { request: {}, owner: 'shows' },
    UpdateClient: {
      request: { client: { clientId, audience: 'other' }, updateMask: 'audience' },
      ...{ owner: 'shows', testKey: 'refused' },
    },
  }
  return {
    ...under('Accounts', accounts),
    ...under('Clients', clients),
    ...under('OtpProtection', otpProtection),
  }
}

/** Methods that reach nothing of another project, and why. */
export const IDENTITY_WITHOUT_PROBE: Record<string, readonly string[]> = {
  'makes something new in the caller’s own project': [
    'identity.v1.Accounts/CreateAccount',
    'identity.v1.Accounts/ImportAccounts',
    'identity.v1.Clients/CreateClient',
  ],
  'is a stream: its test says that it answers of its own project alone': [
    'identity.v1.Accounts/ExportAccount',
  ],
  'is for operators alone: no API key may call it': ['identity.v1.Accounts/ImpersonateAccount'],
  'is public, and bound to an app or to a secret that only its owner has': [
    'identity.v1.Identity/StartOtp',
    'identity.v1.Identity/ResendOtp',
    'identity.v1.Identity/VerifyOtp',
    'identity.v1.Identity/RefreshSession',
    'identity.v1.Passwords/SignInWithPassword',
    'identity.v1.Identity/CreateAnonymousAccount',
  ],
  'takes the account from the access token, and never from the request': [
    'identity.v1.Identity/GetMe',
    'identity.v1.Identity/ListMySessions',
    'identity.v1.Identity/EndMySession',
    'identity.v1.Identity/SignOut',
    'identity.v1.Passwords/SetMyPassword',
    'identity.v1.Identity/AddMyIdentifier',
    'identity.v1.Identity/VerifyMyIdentifier',
    'identity.v1.Identity/RemoveMyIdentifier',
    'identity.v1.Identity/LinkMyAccount',
    'identity.v1.Identity/UnlinkMyAccount',
    'identity.v1.Identity/DeleteMyAccount',
    'identity.v1.Identity/KeepMyAccount',
  ],
}

function under(service: string, methods: Record<string, Probe>): Record<string, Probe> {
  return Object.fromEntries(
    Object.entries(methods).map(([name, probe]) => [`${PREFIX}.${service}/${name}`, probe]),
  )
}
