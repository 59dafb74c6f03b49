import { isSenderName } from '../sender-name.ts'
import { defineService, unsendable } from '../service.ts'

/** What Teams takes of one message. https://learn.microsoft.com/microsoftteams/limits-specifications-teams */
const MAX_BODY_BYTES = 28 * 1024

/**
 * Microsoft Teams by the Workflows app ("When a Teams webhook request is received"), which has replaced the retired Office
 * 365 connectors: a secret URL takes an Adaptive Card for the chat or channel that the workflow posts to, so that a message's
 * own address decides nothing.
 *
 * 202 says that the workflow has begun, under the id of its run; whether it could post is in its run history, where the
 * message's id is the client tracking id. The text is a TextBlock: a little Markdown works, and nobody can be mentioned,
 * because a card mentions only those whom its `msteams.entities` name, and there are none.
 */
export const teamsWebhook = defineService({
  kind: 'teams_webhook',
  title: 'Microsoft Teams (Workflows)',
  channel: 'chat',
  documentation:
    'https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'free',
    messagesPerSecond: 0,
  },
  fields: {
    url: {
      label: 'Workflow URL',
      help: 'In Teams: Workflows → Send webhook alerts to a channel; it shows the URL once the workflow is made.',
      secret: true,
      required: true,
      pattern:
        /^https:\/\/[a-z0-9.-]+\.(logic\.azure\.(com|us|cn)|powerplatform\.(com|cn|microsoft\.us))(:443)?\/[^\s#]{20,1000}$/,
    },
  },
  senderHelp: 'A name for people; Teams shows who made the workflow',
  isSender: isSenderName,
  request({ text, messageId }, { url }) {
    const body = JSON.stringify({ type: 'message', attachments: [toAttachment(text)] })
    if (Buffer.byteLength(body) > MAX_BODY_BYTES) {
      return unsendable(`The card takes more than ${MAX_BODY_BYTES} bytes.`)
    }
    const headers = { 'content-type': 'application/json', 'x-ms-client-tracking-id': messageId }
    return { method: 'POST', url, headers, body }
  },
  readId: ({ headers }) => headers['x-ms-workflow-run-id'],
})

function toAttachment(text: string): object {
  return {
    contentType: 'application/vnd.microsoft.card.adaptive',
    contentUrl: null,
    content: {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.2',
      body: [{ type: 'TextBlock', text, wrap: true }],
    },
  }
}
