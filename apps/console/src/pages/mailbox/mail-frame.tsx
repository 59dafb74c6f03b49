import { useMemo } from 'react'

/**
 * Nothing a mail brings along may run, load or send: scripts, forms and remote images are off, by the sandbox and again
 * by this policy. Styles in the mail stay, since mail is written that way. Links open in a new tab, without a referrer.
 */
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"

/** The HTML of a mail, as its reader would see it: where it names no font, mail programs take a sans serif. */
export function MailFrame({ html, title = 'HTML of the mail' }: { html: string; title?: string }) {
  const source = useMemo(
    () =>
      `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}">` +
      '<meta name="referrer" content="no-referrer"><base target="_blank">' +
      '<meta name="color-scheme" content="light"><style>body{margin:16px 24px;font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}</style>' +
      html,
    [html],
  )
  return (
    <iframe
      title={title}
      srcDoc={source}
      sandbox="allow-popups allow-popups-to-escape-sandbox"
      referrerPolicy="no-referrer"
      className="h-full min-h-80 w-full bg-white"
    />
  )
}

/** Whether a mail asks for things from elsewhere, which the frame does not fetch. */
export function hasRemoteContent(html: string): boolean {
  return (
    /<(?:img|link|video|audio|source)\b[^>]*\b(?:src|href)\s*=\s*["']?\s*(?:https?:)?\/\//i.test(html) ||
    /url\(\s*["']?https?:/i.test(html)
  )
}
