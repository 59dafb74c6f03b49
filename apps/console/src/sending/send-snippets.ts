import type { SnippetTab } from '../components/snippet/snippet.tsx'

/** The first message in every language we speak. `secret` is the reader's key, once they have made one. */
export function sendSnippets(origin: string, secret: string | undefined): SnippetTab[] {
  return [
    { title: 'curl', code: curl(origin, secret) },
    { title: 'TypeScript', code: typescript(origin, secret) },
    { title: 'CLI', code: cli(origin, secret) },
  ]
}

function curl(origin: string, secret: string | undefined): string {
  return `curl ${origin}/v1/notifications \\
  -H "Authorization: Bearer ${secret ?? '$MAINSTAY_API_KEY'}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "to": { "email": "ada@example.com" },
    "email": { "subject": "It works", "text": "Hello Ada." }
  }'`
}

function typescript(origin: string, secret: string | undefined): string {
  return `import { createMainstay } from '@mainstay/sdk'

const mainstay = createMainstay({
  baseUrl: '${origin}',
  apiKey: ${secret ? `'${secret}'` : 'process.env.MAINSTAY_API_KEY'},
})

await mainstay.notify.sendNotification({
  to: { target: { case: 'email', value: 'ada@example.com' } },
  content: { case: 'email', value: { subject: 'It works', text: 'Hello Ada.' } },
})`
}

function cli(origin: string, secret: string | undefined): string {
  return `export MAINSTAY_URL=${origin}
export MAINSTAY_API_KEY=${secret ?? 'msk_test_…'}

mainstay send --to ada@example.com --subject "It works" --text "Hello Ada."`
}
