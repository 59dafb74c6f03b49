import { hasControlCharacters } from './mailboxes.ts'

/** The sender of a channel that shows none of its own: a name for people, up to 200 characters. */
export function isSenderName(text: string): boolean {
  return text.trim() !== '' && text.length <= 200 && !hasControlCharacters(text)
}
