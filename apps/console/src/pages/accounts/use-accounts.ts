import type { Account } from '@mainstay/proto/identity/v1/accounts'
import { AccountState, Accounts } from '@mainstay/proto/identity/v1/accounts'
import { type QueryClient, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { serviceOf, useScope } from '../../api/mainstay.ts'
import { accountStates } from './account-states.ts'

/** Which accounts; empty means any. As the address holds it. */
export interface AccountFilters {
  text: string
  kind: string
  state: string
}

export function readFilters(search: URLSearchParams): AccountFilters {
  const { text = '', kind = '', state = '' } = Object.fromEntries(search)
  return { text, kind, state }
}

/** Leaves everything else in the address as it is. */
export function writeFilters(search: URLSearchParams, filters: AccountFilters): URLSearchParams {
  const next = new URLSearchParams(search)
  for (const [name, value] of Object.entries(filters)) {
    if (value === '') next.delete(name)
    else next.set(name, value)
  }
  return next
}

/** The accounts of the mode that the operator works in, newest first. */
export function useAccounts({ text, kind, state }: AccountFilters) {
  const [project, modeName] = useScope()
  const named = [...accountStates].find(([, { slug }]) => slug === state)?.[0]
  return useInfiniteQuery({
    queryKey: ['accounts', text, kind, state, project, modeName],
    queryFn: ({ pageParam, signal }) =>
      serviceOf(Accounts, modeName).listAccounts(
        { text, kind, state: named ?? AccountState.UNSPECIFIED, pageToken: pageParam, pageSize: 200 },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
  })
}

export function useAccount(accountId: string) {
  const [project, modeName] = useScope()
  return useQuery({
    queryKey: ['account', accountId, project, modeName],
    queryFn: ({ signal }) => serviceOf(Accounts, modeName).getAccount({ accountId }, { signal }),
  })
}

/** An account's sessions, newest first, with those that ended. */
export function useAccountSessions(accountId: string) {
  const [project, modeName] = useScope()
  return useInfiniteQuery({
    queryKey: ['account', accountId, 'sessions', project, modeName],
    queryFn: ({ pageParam, signal }) =>
      serviceOf(Accounts, modeName).listAccountSessions(
        { accountId, pageToken: pageParam, pageSize: 20 },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
  })
}

/** What was done to an account and its sessions, newest first. */
export function useAccountHistory(accountId: string) {
  const [project, modeName] = useScope()
  return useInfiniteQuery({
    queryKey: ['account', accountId, 'history', project, modeName],
    queryFn: ({ pageParam, signal }) =>
      serviceOf(Accounts, modeName).listAccountAuditEntries(
        { accountId, pageToken: pageParam, pageSize: 50 },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
  })
}

/** After a change: the account, what hangs on it, and the list. */
export async function refreshAccount(queries: QueryClient, accountId: string): Promise<void> {
  await queries.invalidateQueries({ queryKey: ['account', accountId] })
  await queries.invalidateQueries({ queryKey: ['accounts'] })
}

/** What people call an account: its name, what it signs in by, or its id. */
export function nameOf({ displayName, identifiers, accountId }: Account): string {
  return displayName || identifiers[0]?.value || accountId
}
