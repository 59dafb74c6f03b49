import { defineReasons } from '@mainstay/kernel'

/** Why identity refuses. */
export const reasons = defineReasons({
  // Who calls.
  'identity.access_token_invalid': 'unauthenticated',
  'identity.access_token_expired': 'unauthenticated',
  'identity.session_ended': 'unauthenticated',
  'identity.refresh_token_invalid': 'unauthenticated',
  'identity.refresh_token_reused': 'unauthenticated',

  // Signing in.
  'identity.client_not_found': 'not_found',
  'identity.client_disabled': 'failed_precondition',
  'identity.identifier_invalid': 'invalid_argument',
  'identity.channel_not_allowed': 'invalid_argument',
  'identity.challenge_invalid': 'failed_precondition',
  'identity.code_wrong': 'permission_denied',
  'identity.password_wrong': 'permission_denied',
  'identity.password_guessed': 'resource_exhausted',
  'identity.password_weak': 'invalid_argument',
  'identity.passwords_busy': 'unavailable',
  'identity.proof_too_old': 'failed_precondition',
  'identity.otp_refused': 'resource_exhausted',
  'identity.otp_proof_required': 'failed_precondition',
  'identity.otp_too_many_sends': 'resource_exhausted',
  'identity.account_banned': 'permission_denied',

  // Accounts, kinds and apps.
  'identity.account_not_found': 'not_found',
  'identity.account_changed': 'aborted',
  'identity.identifier_taken': 'already_exists',
  'identity.session_not_found': 'not_found',
  'identity.kind_not_found': 'not_found',
  'identity.mode_not_allowed': 'permission_denied',
  'identity.request_invalid': 'invalid_argument',

  // What becomes of accounts.
  'identity.sign_up_closed': 'failed_precondition',
  'identity.identifier_not_found': 'not_found',
  'identity.last_identifier': 'failed_precondition',
  'identity.sign_in_too_old': 'permission_denied',
  'identity.link_refused': 'failed_precondition',
  'identity.impersonation_refused': 'permission_denied',
  'identity.import_invalid': 'invalid_argument',
})
