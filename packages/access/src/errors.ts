import { defineReasons } from '@mainstay/kernel'

/** Why access refuses. The order of the first group is the order of the checks. */
export const reasons = defineReasons({
  'access.unauthenticated': 'unauthenticated',
  'access.api_key_invalid': 'unauthenticated',
  'access.api_key_expired': 'unauthenticated',
  'access.api_key_revoked': 'unauthenticated',
  'access.session_invalid': 'unauthenticated',
  'access.recipient_token_invalid': 'unauthenticated',
  'access.recipient_token_expired': 'unauthenticated',
  'access.cross_site': 'permission_denied',
  'access.api_key_not_allowed': 'permission_denied',
  'access.recipient_not_allowed': 'permission_denied',
  'access.recipient_mismatch': 'permission_denied',
  'access.account_not_allowed': 'permission_denied',
  'access.account_required': 'permission_denied',
  'access.scope_missing': 'permission_denied',
  'access.permission_denied': 'permission_denied',
  'access.project_mismatch': 'permission_denied',
  'access.project_required': 'invalid_argument',
  'access.project_not_found': 'not_found',

  'access.project_slug_taken': 'already_exists',
  'access.api_key_not_found': 'not_found',
  'access.scope_unknown': 'invalid_argument',
  'access.scope_not_held': 'permission_denied',
  'access.mode_not_allowed': 'permission_denied',
  'access.expire_time_past': 'invalid_argument',
  'access.sign_in_link_invalid': 'unauthenticated',
  'access.idempotency_key_reused': 'already_exists',
})
