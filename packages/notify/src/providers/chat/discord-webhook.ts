import { jsonObject, textOf } from '../http-outcome.ts'
import { isSenderName } from '../sender-name.ts'
import { defineService, unsendable } from '../service.ts'
import { mentionsField } from './mentions.ts'

/** https://discord.com/developers/docs/resources/webhook#execute-webhook */
const MAX_CHARACTERS = 2000

/**
 * Discord's webhooks: a secret URL that posts into the one channel it was made for, so that a message's own address decides
 * nothing. `wait=true` makes Discord answer with the message that it has kept, and refuse one that it has not. A `nonce` is
 * documented for the messages of bots and not for webhooks, so a call is not repeatable.
 *
 * 401 (`Invalid Webhook Token`), 403 and 404 (`Unknown Webhook`) are the account's fault, as in the table; 429 says in its
 * body for how many seconds, with fractions.
 */
export const discordWebhook = defineService({
  kind: 'discord_webhook',
  title: 'Discord (webhook)',
  channel: 'chat',
  documentation: 'https://discord.com/developers/docs/resources/webhook#execute-webhook',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'free',
    // Discord asks callers to read the limits from its answers.
    messagesPerSecond: 0,
  },
  fields: {
    url: {
      label: 'Webhook URL',
      help: 'Server settings → Integrations → Webhooks → Copy Webhook URL.',
      secret: true,
      required: true,
      pattern:
        /^https:\/\/(canary\.|ptb\.)?discord(app)?\.com\/api\/(v\d{1,2}\/)?webhooks\/\d{15,22}\/[\w-]{40,100}$/,
    },
    mentions: mentionsField,
  },
  senderHelp: 'The name that posts go out under: Acme',
  isSender: isDiscordName,
  request({ from, text }, { url, mentions }) {
    if ([...text].length > MAX_CHARACTERS) {
      return unsendable(`The text takes more than ${MAX_CHARACTERS} characters.`)
    }
    return {
      method: 'POST',
      url: `${url}?wait=true`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        content: text,
        username: from,
        allowed_mentions: { parse: mentions === 'allowed' ? ['everyone', 'roles', 'users'] : [] },
      }),
    }
  },
  readId: (answer) => textOf(jsonObject(answer)?.id),
  judge(answer, reply) {
    const seconds = answer.status === 429 ? jsonObject(answer)?.retry_after : undefined
    if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= 86_400)) return undefined
    return { outcome: 'rejected_transient', reply, retryAfterMs: Math.ceil(seconds * 1000) }
  },
  verify: ({ url }) => ({ method: 'GET', url, headers: {} }),
})

/** https://discord.com/developers/docs/resources/user#usernames-and-nicknames and the rules of webhooks' names. */
function isDiscordName(name: string): boolean {
  if (!isSenderName(name) || name.length > 80) return false
  return !/clyde|discord|```|[@#:]|^(everyone|here)$/i.test(name)
}
