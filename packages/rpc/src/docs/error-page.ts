import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { marked } from 'marked'

/** The page of one reason, from `docs/errors/<reason>.md`; undefined when there is none. */
export async function renderErrorPage(folder: string, reason: string): Promise<string | undefined> {
  // The name is checked against a pattern without separators, so that it cannot leave the folder.
  if (!/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$/.test(reason)) return undefined
  const source = await readIfThere(join(folder, `${reason}.md`))
  return source === undefined ? undefined : renderPage(reason, await marked.parse(source))
}

/** The list of all reasons. */
export async function renderErrorIndex(folder: string): Promise<string> {
  const reasons = (await readdir(folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -'.md'.length))
    .sort()
  const items = reasons.map((reason) => `<li><a href="/docs/errors/${reason}">${reason}</a></li>`).join('\n')
  return renderPage('Error reasons', `<h1>Error reasons</h1>\n<ul class="reasons">${items}</ul>`)
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function renderPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Mainstay</title>
<style>${STYLE}</style>
</head>
<body>
<nav><a href="/docs">API</a><a href="/docs/errors">Errors</a></nav>
<main>
${body}
</main>
</body>
</html>
`
}

const STYLE = `
:root { color-scheme: light dark; --text: #1c1f21; --soft: #5c6469; --page: #fff; --line: #e2e5e7; --code: #f3f5f6; --accent: #0b6e6e }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e9ea; --soft: #9aa3a8; --page: #131617; --line: #2a3033; --code: #1d2224; --accent: #5cc4c0 }
}
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.6 system-ui, sans-serif }
nav { display: flex; gap: 20px; padding: 14px 24px; border-bottom: 1px solid var(--line); font-size: 14px }
main { max-width: 68ch; margin: 0 auto; padding: 32px 24px 64px }
h1 { font-size: 22px; font-weight: 600; overflow-wrap: anywhere }
h2 { font-size: 17px; font-weight: 600; margin-top: 2em }
a { color: var(--accent); text-underline-offset: 2px }
code, pre { font: 14px/1.5 ui-monospace, monospace; background: var(--code); border-radius: 4px }
code { padding: 1px 5px; overflow-wrap: anywhere }
pre { padding: 12px 16px; overflow-x: auto }
pre code { padding: 0 }
.reasons { columns: 2; column-gap: 32px; padding-left: 18px }
@media (max-width: 600px) { .reasons { columns: 1 } }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line) }
`
