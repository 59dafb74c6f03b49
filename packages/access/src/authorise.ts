import { appError } from '@mainstay/kernel'
import type { Rule } from '@mainstay/proto/access/v1/rule'
import type { CallContext, Caller } from '@mainstay/rpc'
import { ANY_KEY } from './contracts.ts'
import { reasons } from './errors.ts'
import { permissionsAllow, scopesAllow } from './grants.ts'

/**
 * Lets a call through when its method's rule allows the caller, and throws otherwise. It fails closed: a rule that
 * says nothing, a kind of caller that is not known here, a project that was not named are all refused.
 */
export function authorise(caller: Caller, rule: Rule, ctx: CallContext): void {
  if (rule.public) return
  switch (caller.kind) {
    case 'anonymous':
      ctx.setHeader('www-authenticate', 'Bearer')
      throw appError(
        reasons,
        'access.unauthenticated',
        'This call needs a credential. Send an API key as `Authorization: Bearer msk_…`, or sign in to the console.',
      )
    case 'api_key':
      requireScope(caller, rule)
      break
    case 'recipient':
      if (rule.recipient) break
      throw appError(
        reasons,
        'access.recipient_not_allowed',
        'A recipient’s token opens their inbox and nothing else. Call this from your server, with an API key.',
      )
    case 'account':
      if (rule.account) break
      throw appError(
        reasons,
        'access.account_not_allowed',
        'An account may not call this method. Call it from your server, with an API key.',
      )
    case 'operator':
      if (rule.account && rule.permission === '') throw notForThisCaller()
      if (permissionsAllow(caller.permissions, rule.permission)) break
      throw permissionDenied(rule.permission)
    default:
      throw permissionDenied(rule.permission)
  }
  if (!rule.projectless && caller.projectId === undefined) throw missingProject(ctx)
}

/** A method that accounts call about themselves has nothing to say to anybody else. */
function notForThisCaller() {
  return appError(
    reasons,
    'access.account_required',
    'This method is called by an account, about itself: sign in, and send its access token.',
  )
}

function requireScope(caller: Caller, { apiKeyScope, account }: Rule): void {
  if (apiKeyScope === '') {
    if (account) throw notForThisCaller()
    throw appError(
      reasons,
      'access.api_key_not_allowed',
      'No API key may call this method; an operator may, signed in to the console.',
    )
  }
  if (apiKeyScope === ANY_KEY || scopesAllow(caller.scopes, apiKeyScope)) return
  throw appError(
    reasons,
    'access.scope_missing',
    `This API key lacks the scope ${apiKeyScope}. Create a key that has it.`,
    { metadata: { scope: apiKeyScope } },
  )
}

function permissionDenied(permission: string) {
  return appError(
    reasons,
    'access.permission_denied',
    `You lack the permission ${permission === '' ? 'for this' : permission}. Ask an operator who has it.`,
    { metadata: { permission } },
  )
}

/** Looked at last, so that only somebody who may make the call learns whether a project exists. */
function missingProject(ctx: CallContext) {
  const named = ctx.header('mainstay-project')
  if (named === undefined) {
    return appError(
      reasons,
      'access.project_required',
      'Say which project this call is about, by its id or slug, in the Mainstay-Project header.',
    )
  }
  return appError(
    reasons,
    'access.project_not_found',
    'The Mainstay-Project header names a project that does not exist. ListProjects says which there are.',
  )
}
