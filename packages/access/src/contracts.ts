import { type DescMethod, type DescService, getOption, hasOption } from '@bufbuild/protobuf'
import { rule } from '@mainstay/proto/access/v1/rule'
import { http } from '@mainstay/proto/google/api'
import { permissionsAllow, scopesAllow } from './grants.ts'

/** What access must know of every contract that is served, its own and those above it in the house. */
export interface Contracts {
  /** Every scope that some method asks for, sorted. */
  readonly scopes: readonly string[]
  /** Whether a grant means anything: `*`, a known scope, or `capability:*` of a known one. */
  isKnownGrant(grant: string): boolean
  /** Whether somebody with these permissions could do by themselves all that a scope lets a key do. */
  permissionsCover(permissions: ReadonlySet<string>, grant: string): boolean
  /** Whether a method only reads: its REST route is a GET. False for one that is not known. */
  isRead(methodName: string): boolean
}

/** In a rule's `api_key_scope`: any valid API key may call, whatever scopes it has. */
export const ANY_KEY = '*'

export function readContracts(services: readonly DescService[]): Contracts {
  const methods = services.flatMap((service) => service.methods)
  const ruled = methods
    .filter((method) => hasOption(method, rule))
    .map((method) => getOption(method, rule))
    .filter(({ apiKeyScope }) => apiKeyScope !== '' && apiKeyScope !== ANY_KEY)
  const scopes = [...new Set(ruled.map(({ apiKeyScope }) => apiKeyScope))].sort()
  const reads = new Set(methods.filter(isGet).map((method) => `${method.parent.typeName}/${method.name}`))
  const capabilities = new Set(scopes.map((scope) => scope.slice(0, scope.indexOf(':'))))

  return {
    scopes,
    isKnownGrant(grant) {
      if (grant === '*' || scopes.includes(grant)) return true
      return grant.endsWith(':*') && capabilities.has(grant.slice(0, -2))
    },
    permissionsCover(permissions, grant) {
      const granted = new Set([grant])
      return ruled
        .filter(({ apiKeyScope }) => scopesAllow(granted, apiKeyScope))
        .every(({ permission }) => permissionsAllow(permissions, permission))
    },
    isRead: (methodName) => reads.has(methodName),
  }
}

function isGet(method: DescMethod): boolean {
  return hasOption(method, http) && getOption(method, http).pattern.case === 'get'
}
