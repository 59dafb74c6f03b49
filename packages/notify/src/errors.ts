import { defineReasons } from '@mainstay/kernel'

/** Why notify refuses. */
export const reasons = defineReasons({
  // Sending.
  'notify.request_invalid': 'invalid_argument',
  'notify.recipient_unreachable': 'failed_precondition',
  'notify.no_provider': 'failed_precondition',
  'notify.overloaded': 'unavailable',

  // The ledger.
  'notify.notification_not_found': 'not_found',
  'notify.message_not_found': 'not_found',
  'notify.message_not_cancellable': 'failed_precondition',
  'notify.message_not_unknown': 'failed_precondition',
  'notify.resume_token_invalid': 'invalid_argument',

  // What messages are made from and handed to.
  'notify.recipient_not_found': 'not_found',
  'notify.endpoint_not_found': 'not_found',
  'notify.topic_not_found': 'not_found',
  'notify.topic_exists': 'already_exists',
  'notify.segment_not_found': 'not_found',
  'notify.segment_exists': 'already_exists',
  'notify.template_not_found': 'not_found',
  'notify.template_invalid': 'invalid_argument',
  'notify.template_draft_not_found': 'not_found',
  'notify.provider_account_not_found': 'not_found',
  'notify.provider_config_invalid': 'invalid_argument',
  'notify.prices_invalid': 'invalid_argument',
  'notify.routing_invalid': 'invalid_argument',
  'notify.credentials_unreadable': 'failed_precondition',
  'notify.mode_not_allowed': 'permission_denied',
  'notify.etag_mismatch': 'aborted',
  'notify.mail_not_found': 'not_found',
  'notify.schedule_not_found': 'not_found',

  // What people want.
  'notify.category_not_found': 'not_found',
  'notify.category_exists': 'already_exists',
  'notify.no_public_url': 'failed_precondition',

  // Campaigns.
  'notify.campaign_not_found': 'not_found',
  'notify.campaign_state_conflict': 'failed_precondition',

  // Workflows.
  'notify.workflow_invalid': 'invalid_argument',
  'notify.workflow_not_found': 'not_found',
  'notify.workflow_run_not_found': 'not_found',
  'notify.workflow_run_ended': 'failed_precondition',

  // What providers tell.
  'notify.report_forged': 'unauthenticated',
  'notify.report_malformed': 'invalid_argument',
  'notify.suppression_not_found': 'not_found',
})
