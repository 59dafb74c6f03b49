/**
 * Whether words in a text call people. Templates put data into texts, and whoever wrote the data could so wake up a whole
 * company; an adapter cannot tell the operator's words from the data among them. Unless the account says otherwise, nobody is
 * called, and what looks like a mention is shown as it is written.
 */
export const mentionsField = {
  label: 'Mentions',
  help: 'allowed: @-mentions in a text notify people. Only for accounts whose templates hold no words of strangers.',
  secret: false,
  required: false,
  choices: ['none', 'allowed'],
} as const
