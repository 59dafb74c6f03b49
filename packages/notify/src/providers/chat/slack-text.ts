/**
 * Slack takes up to 40,000 characters and cuts off the rest.
 * https://docs.slack.dev/reference/methods/chat.postMessage#truncating
 */
export const MAX_SLACK_CHARACTERS = 40_000

/**
 * The text with its own markup, but for mentions: `<!channel>`, `<!here>`, `<!subteam^S1>`, `<@U1>` lose the bracket that
 * makes them one. Dates (`<!date^…>`) call nobody and stay. Names such as `@channel` are plain text, because messages are sent
 * with `parse: none` and without `link_names`.
 *
 * https://docs.slack.dev/messaging/formatting-message-text
 */
export function toSlackText(text: string, mentions: string): string {
  return mentions === 'allowed' ? text : text.replace(/<(?=[@!])(?!!date\^)/g, '&lt;')
}
