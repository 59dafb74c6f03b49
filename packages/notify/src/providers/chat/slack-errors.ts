type Meaning = 'address' | 'account' | 'not_now' | 'unknown'

/**
 * What the documented errors of `chat.postMessage` mean; every other one refuses the message (`msg_too_long`, `no_text`) or
 * says that the bot may not write there (`not_in_channel`, `restricted_action`; `channel_not_found` for a private one), which somebody can change, so that the
 * address is not taken for dead. `fatal_error` and `internal_error` are documented with "it's possible some aspect of the
 * operation succeeded before the error was raised".
 *
 * https://docs.slack.dev/reference/methods/chat.postMessage#errors
 */
const ERRORS: Readonly<Record<Meaning, readonly string[]>> = {
  address: ['is_archived', 'user_not_found'],
  account: [
    'access_denied',
    'accesslimited',
    'account_inactive',
    'deprecated_endpoint',
    'ekm_access_denied',
    'enterprise_is_restricted',
    'invalid_auth',
    'method_deprecated',
    'missing_scope',
    'no_permission',
    'not_allowed_token_type',
    'not_authed',
    'org_login_required',
    'team_access_not_granted',
    'token_expired',
    'token_revoked',
    'two_factor_setup_required',
  ],
  not_now: [
    'message_limit_exceeded',
    'rate_limited',
    'ratelimited',
    'request_timeout',
    'service_unavailable',
    'team_added_to_org',
  ],
  unknown: ['fatal_error', 'internal_error'],
}

export const slackErrors: ReadonlyMap<string, Meaning> = new Map(
  (Object.entries(ERRORS) as [Meaning, readonly string[]][]).flatMap(([meaning, names]) =>
    names.map((name) => [name, meaning] as const),
  ),
)
