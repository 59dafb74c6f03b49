import type { Wish } from '../service.ts'
import { Html, html } from './html.ts'
import { STYLE } from './style.ts'

/** What the page of a person's preferences shows. */
export interface PreferencePage {
  /** What people call the project. */
  projectName: string
  live: boolean
  /** Where its forms lead; relative to the installation. */
  path: string
  categories: readonly Wish[]
  /** The person wants nothing that can be switched off, but for what is on here. */
  unsubscribed: boolean
  /** What the link that led here is about, in words, while it is on: "Offers". */
  offer: string | undefined
  /** What has just changed, a line each; undefined: nothing was asked for. */
  changes: readonly string[] | undefined
}

/** The page of a person's preferences. It needs no script. */
export function renderPreferences(page: PreferencePage): string {
  const { projectName, path, categories } = page
  return document(
    `What ${projectName} may send you`,
    html`<p class="from">${projectName}</p>
<h1>What we may send you</h1>
<p class="lead">Changes hold at once. What you switch off stays off until you switch it on again.</p>
${!page.live && html`<div class="note test"><p>Test mode: this is about test messages only.</p></div>`}
${noteOf(page)}
${page.offer !== undefined && askOf(path, page.offer)}
<form method="post" action="${path}">
${
  categories.length > 0
    ? html`<div class="card">${categories.map(categoryOf)}</div>`
    : html`<p class="lead">There is nothing to choose from yet.</p>`
}
<div class="foot">
<button name="action" value="save">Save changes</button>
<button class="plain" name="action" value="unsubscribe_all">Unsubscribe from everything</button>
</div>
</form>`,
  )
}

function noteOf({ changes, unsubscribed }: PreferencePage): Html | false {
  if (changes === undefined) {
    return (
      unsubscribed &&
      html`<div class="note"><p>You are unsubscribed. You only get what you switch on here.</p></div>`
    )
  }
  return html`<div class="note" role="status"><p>${changes.length === 0 ? 'Nothing changed.' : 'Saved.'}</p>
${changes.length > 0 && html`<ul>${changes.map((line) => html`<li>${line}</li>`)}</ul>`}</div>`
}

function askOf(path: string, offer: string): Html {
  return html`<form class="card ask" method="post" action="${path}">
<h2>Unsubscribe from ${offer}?</h2>
<p>You get no more emails about it.</p>
<button name="action" value="unsubscribe">Unsubscribe</button>
</form>`
}

function categoryOf({ category, channels }: Wish): Html {
  return html`<fieldset><legend>${category.display_name}</legend>
${category.description !== '' && html`<p class="about">${category.description}</p>`}
${
  category.mandatory
    ? html`<p class="always">${LOCK}Always on: you need these messages to use the service.</p>`
    : html`<div class="switches">${channels.map((one) => switchOf(category.category, one))}</div>`
}</fieldset>`
}

function switchOf(category: string, { channel, enabled }: Wish['channels'][number]): Html {
  const value = `${category}/${channel}`
  return html`<label class="switch"><input type="hidden" name="shown" value="${value}"><input type="checkbox" role="switch"
 name="on" value="${value}"${enabled && new Html(' checked')}>${channelWords(channel)}</label>`
}

const LOCK = new Html(
  `<svg viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5"><rect x="3" y="7" width="10" height="7" rx="1.5"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/></svg>`,
)

const CHANNEL_WORDS: Readonly<Record<number, string>> = {
  1: 'Email',
  2: 'Text message',
  3: 'WhatsApp',
  4: 'Push notification',
  5: 'Chat',
  7: 'Inbox in the app',
}

export function channelWords(channel: number): string {
  return CHANNEL_WORDS[channel] ?? 'Other'
}

/** A page that only tells something. */
export function renderNotice(title: string, text: string): string {
  return document(title, html`<h1>${title}</h1><p class="lead">${text}</p>`)
}

function document(title: string, content: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<style>${new Html(STYLE)}</style>
</head>
<body><main>
${content}
</main></body>
</html>
`.text
}
