import type { ReportRequest } from './reports.ts'
import type { ServiceField } from './service.ts'
import { isSame } from './signatures.ts'

/**
 * What secures the reports of providers that sign nothing: a secret in the URL that the provider is given for them. It proves
 * that the caller knows the URL and no more, so such reports are believed for states of messages only.
 */
export const reportTokenField = {
  label: 'Report token',
  help: 'A secret of your own choice; add it to the report URL as ?token=… Without it, reports are refused.',
  secret: true,
  required: false,
  forReports: true,
  pattern: /^[A-Za-z0-9_-]{24,200}$/,
} as const satisfies ServiceField

/** Why the call is not believed; undefined: it knows the account's token. */
export function refuseWithoutToken({ url }: ReportRequest, token: string): { forged: string } | undefined {
  if (token === '') return { forged: 'This account has no report token.' }
  const given = new URL(url).searchParams.get('token') ?? ''
  return isSame(given, token) ? undefined : { forged: 'The URL does not have this account’s report token.' }
}
