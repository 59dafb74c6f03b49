import { randomBytes } from 'node:crypto'

/** Takes Liquid out of a text so that readers of HTML see one word in its place, and puts it back. */
export interface Mask {
  hide(source: string, keep?: (tag: string) => boolean): string
  /** Puts the tags back; `lost` are those of the text `hidden` that are not in `text` any more. */
  show(text: string, hidden?: string): { text: string; lost: string[] }
}

/** A tag; a comment or raw section is one, whatever stands in it. */
const TAG = /\{%-?\s*(comment|raw)\s*-?%\}[\s\S]*?\{%-?\s*end\1\s*-?%\}|\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g

/** Tags become words that nobody can have written: they begin with 64 random bits. */
export function createMask(): Mask {
  const prefix = `lq${randomBytes(8).toString('hex')}n`
  const tags: string[] = []
  return {
    hide: (source, keep = () => false) =>
      source.replace(TAG, (tag) => {
        if (keep(tag)) return tag
        tags.push(tag)
        // As many lines as before, so that errors tell the author's own.
        return `${prefix}${tags.length - 1}z${tag.replace(/[^\n]/g, '')}`
      }),
    show(text, hidden = '') {
      const seen = new Set<string>()
      const words = new RegExp(`${prefix}(\\d+)z`, 'g')
      const shown = text.replace(words, (_, index: string) => {
        seen.add(index)
        return tags[Number(index)] ?? ''
      })
      const lost = [...hidden.matchAll(words)].filter(([, index = '']) => !seen.has(index))
      return { text: shown, lost: lost.map(([, index]) => tags[Number(index)] ?? '') }
    },
  }
}
