import { type DefaultTreeAdapterMap, parse } from 'parse5'
import { isWebUrl, MAX_URL_BYTES } from './tokens.ts'

type Node = DefaultTreeAdapterMap['node']
type Element = DefaultTreeAdapterMap['element']

export interface Rewriting {
  /** What a link becomes. Undefined: links are left alone. */
  link: ((url: string) => string) | undefined
  /** The address of a picture that tells that the mail was opened. Undefined: none is added. */
  pixel: string | undefined
  /** Links that are left alone whatever their form. */
  isExempt(url: string): boolean
}

/** A piece of the source and what stands there instead. */
interface Change {
  start: number
  end: number
  text: string
}

/**
 * Rewrites the links of a mail's HTML and adds the picture, and leaves every other character as it is: the source is parsed as
 * browsers parse it (parse5), and changed where the parser says that the attribute stands.
 *
 * Left alone are links with `data-track="false"`, those that are no absolute web addresses (`mailto:`, `tel:`, `#`), those
 * longer than 2,000 bytes, those that say `unsubscribe`, and what stands in comments, such as Outlook's.
 */
export function rewriteHtml(html: string, rewriting: Rewriting): string {
  const changes: Change[] = []
  let bodyEnd: number | undefined
  const visit = (node: Node): void => {
    if ('tagName' in node) {
      const change = changeOf(node, rewriting)
      if (change !== undefined) changes.push(change)
      if (node.tagName === 'body') bodyEnd = node.sourceCodeLocation?.endTag?.startOffset
      if ('content' in node) visit(node.content)
    }
    if ('childNodes' in node) for (const child of node.childNodes) visit(child)
  }
  visit(parse(html, { sourceCodeLocationInfo: true }))
  if (rewriting.pixel !== undefined) {
    const place = bodyEnd ?? html.length
    changes.push({ start: place, end: place, text: pictureOf(rewriting.pixel) })
  }
  return apply(html, changes)
}

function changeOf(element: Element, { link, isExempt }: Rewriting): Change | undefined {
  if (link === undefined || (element.tagName !== 'a' && element.tagName !== 'area')) return
  const at = element.sourceCodeLocation?.attrs?.href
  const value = (name: string): string => element.attrs.find((attr) => attr.name === name)?.value ?? ''
  // Browsers trim an address; what is left has to be one as it stands.
  const url = value('href').trim()
  if (at === undefined || value('data-track').trim().toLowerCase() === 'false') return
  if (!isWebUrl(url) || Buffer.byteLength(url) > MAX_URL_BYTES || isExempt(url)) return
  return { start: at.startOffset, end: at.endOffset, text: `href="${escapeHtml(link(url))}"` }
}

/** Hidden from those who listen to a mail, and as small as it gets. */
function pictureOf(url: string): string {
  return `<img src="${escapeHtml(url)}" width="1" height="1" alt="" style="border:0;height:1px;width:1px">`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}

/** An element that the parser moved or copied (misnested links) has one place in the source and is changed once. */
function apply(html: string, changes: readonly Change[]): string {
  let result = ''
  let at = 0
  for (const { start, end, text } of changes.toSorted((a, b) => a.start - b.start)) {
    if (start < at) continue
    result += html.slice(at, start) + text
    at = end
  }
  return result + html.slice(at)
}
