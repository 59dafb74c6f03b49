import type { ProviderResult } from '../adapter.ts'
import { accepted, jsonObject } from '../http-outcome.ts'
import type { HttpAnswer } from '../http-sender.ts'
import { hasControlCharacters } from '../mailboxes.ts'
import { isSenderName } from '../sender-name.ts'
import { defineService, notAnAddress, unsendable } from '../service.ts'
import { mentionsField } from './mentions.ts'
import { slackErrors } from './slack-errors.ts'
import { MAX_SLACK_CHARACTERS, toSlackText } from './slack-text.ts'

/**
 * Slack's Web API: `chat.postMessage` with a bot's token. `client_msg_id` is documented nowhere as a way to repeat a call, and
 * there is no method that finds a message by its metadata, so an answer that was lost stays unknown. The metadata carries the
 * message's id for the apps that read it.
 *
 * Slack answers HTTP 200 to what it refuses: `ok` and `error` decide (`slackErrors`).
 */
export const slack = defineService({
  kind: 'slack',
  title: 'Slack (bot)',
  channel: 'chat',
  documentation: 'https://docs.slack.dev/reference/methods/chat.postMessage',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'free',
    // One a second into each channel; over all of them Slack names no figure.
    messagesPerSecond: 0,
  },
  fields: {
    token: {
      label: 'Bot token',
      help: 'OAuth & Permissions → Bot User OAuth Token of your Slack app; it needs the scope chat:write.',
      secret: true,
      required: true,
      pattern: /^xoxb-[A-Za-z0-9-]{20,250}$/,
    },
    mentions: mentionsField,
  },
  senderHelp: 'A name for people; Slack shows the name of the app',
  isSender: isSenderName,
  request({ to, text, messageId }, { token, mentions }) {
    if (to.trim() === '' || to.length > 100 || hasControlCharacters(to)) {
      return notAnAddress('The address is not a channel’s id or name.')
    }
    const content = toSlackText(text, mentions)
    if (content.length > MAX_SLACK_CHARACTERS) {
      return unsendable(`The text takes more than ${MAX_SLACK_CHARACTERS} characters.`)
    }
    return {
      method: 'POST',
      url: 'https://slack.com/api/chat.postMessage',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify({
        channel: to,
        text: content,
        parse: 'none',
        link_names: false,
        metadata: { event_type: 'mainstay_message', event_payload: { message_id: messageId } },
      }),
    }
  },
  judge: judgeSlack,
  verify: ({ token }) => ({
    method: 'POST',
    url: 'https://slack.com/api/auth.test',
    headers: { authorization: `Bearer ${token}` },
  }),
  isVerified: (answer) => jsonObject(answer)?.ok === true,
})

function judgeSlack(answer: HttpAnswer, reply: string): ProviderResult | undefined {
  if (answer.status !== 200) return undefined
  const { ok, error, channel, ts } = jsonObject(answer) ?? {}
  if (ok === true) {
    const id = typeof channel === 'string' && typeof ts === 'string' ? `${channel}:${ts}` : undefined
    return accepted(id, reply)
  }
  if (ok !== false) return { outcome: 'unknown', reply }
  switch (slackErrors.get(String(error))) {
    case 'address':
      return { outcome: 'rejected_permanent', reply, addressFault: true }
    case 'account':
      return { outcome: 'rejected_transient', reply, accountFault: true }
    case 'not_now':
      return { outcome: 'rejected_transient', reply }
    case 'unknown':
      return { outcome: 'unknown', reply }
    case undefined:
      return { outcome: 'rejected_permanent', reply }
  }
}
