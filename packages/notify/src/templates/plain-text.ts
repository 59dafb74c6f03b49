import { convert } from 'html-to-text'
import type { EmailBody } from '../rendering.ts'
import { MAX_RENDERED_CHARACTERS } from './liquid.ts'

/** Makes the plain text of an email that has only HTML, for readers and filters that want one. */
export function withText(email: EmailBody): EmailBody {
  if (email.text !== '' || email.html === '') return email
  const text = convert(email.html, {
    wordwrap: 100,
    limits: { maxInputLength: MAX_RENDERED_CHARACTERS, maxDepth: 100 },
    selectors: [
      { selector: 'img', format: 'skip' },
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
    ],
  })
  return { ...email, text }
}
