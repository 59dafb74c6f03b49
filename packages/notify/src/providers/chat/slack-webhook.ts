import { isSenderName } from '../sender-name.ts'
import { defineService, unsendable } from '../service.ts'
import { mentionsField } from './mentions.ts'
import { MAX_SLACK_CHARACTERS, toSlackText } from './slack-text.ts'

/**
 * Slack's incoming webhooks: a secret URL that posts into the one channel it was made for, so that a message's own address
 * decides nothing. The answer names no message.
 *
 * 403, 404 and 410 (`action_prohibited`, `invalid_token`, `channel_not_found`, `no_service`, `no_team`,
 * `channel_is_archived`) are the webhook's end or its channel's: the account's fault, as in the table. 400 is the message
 * (`invalid_payload`, `no_text`), unless its word is one of those.
 */
export const slackWebhook = defineService({
  kind: 'slack_webhook',
  title: 'Slack (incoming webhook)',
  channel: 'chat',
  documentation: 'https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'free',
    messagesPerSecond: 1,
  },
  fields: {
    url: {
      label: 'Webhook URL',
      help: 'Incoming Webhooks → Webhook URLs for Your Workspace of your Slack app.',
      secret: true,
      required: true,
      pattern: /^https:\/\/hooks\.slack(-gov)?\.com\/services\/[A-Za-z0-9/]{20,200}$/,
    },
    mentions: mentionsField,
  },
  senderHelp: 'A name for people; Slack shows the name of the app',
  isSender: isSenderName,
  request({ text }, { url, mentions }) {
    const content = toSlackText(text, mentions)
    if (content.length > MAX_SLACK_CHARACTERS) {
      return unsendable(`The text takes more than ${MAX_SLACK_CHARACTERS} characters.`)
    }
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    return { method: 'POST', url, headers, body: JSON.stringify({ text: content }) }
  },
  judge({ status, body }, reply) {
    if (status !== 400 || !ENDED.has(body.trim())) return undefined
    return { outcome: 'rejected_transient', reply, accountFault: true }
  },
})

const ENDED = new Set([
  'action_prohibited',
  'channel_is_archived',
  'channel_not_found',
  'invalid_token',
  'no_active_hooks',
  'no_service',
  'no_service_id',
  'no_team',
  'posting_to_general_channel_denied',
  'team_disabled',
])
