import { gzipSync } from 'node:zlib'
import Fastify from 'fastify'

/** What the page of the API reference loads, ready to be sent. */
export interface ApiReference {
  page: string
  /** The viewer's script, gzipped: some 4.9 MB of text. */
  script: Buffer
}

/**
 * The page loads its script and the document from this server and nothing from elsewhere; fonts are the reader's own.
 * The viewer reads its settings from the attribute, so that no inline script is needed.
 */
const SETTINGS = {
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mainstay API</title>
</head>
<body>
<script id="api-reference" data-url="/openapi.json" data-configuration='${JSON.stringify(SETTINGS)}'></script>
<script src="/docs/viewer.js"></script>
</body>
</html>
`

let loading: Promise<ApiReference> | undefined

/**
 * Loads the viewer when somebody first opens the page: its package keeps the script as one string of a JavaScript
 * module, and a server that nobody asks for documentation should not hold it in memory.
 */
export function loadApiReference(): Promise<ApiReference> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

async function load(): Promise<ApiReference> {
  const { default: viewer } = await import('@scalar/fastify-api-reference')
  // The package gives its script to a Fastify server only: this one never listens.
  const inner = Fastify()
  await inner.register(viewer, { routePrefix: '/viewer', configuration: { url: '/openapi.json' } })
  const answer = await inner.inject('/viewer/js/scalar.js')
  await inner.close()
  if (answer.statusCode !== 200)
    throw new Error(`the API viewer answered ${answer.statusCode} for its script`)
  return { page: PAGE, script: gzipSync(answer.rawPayload) }
}
