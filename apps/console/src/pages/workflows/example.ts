import type { SnippetTab } from '../../components/snippet/snippet.tsx'

/** A first workflow that works as it is, also with the sandbox alone. */
export const EXAMPLE_NAME = 'order-shipped'
export const EXAMPLE = `name: ${EXAMPLE_NAME}
description: Tells a customer that an order is on its way, by the channel that reaches them
steps:
  # By push; when that was not seen in ten minutes by text message, and an hour later by email.
  - id: reach
    fallback:
      - channel: push
        content: { title: On its way, body: "Your order {{ order_id }} has left our house." }
        until: seen
        within: 10m
      - channel: sms
        content: { text: "Your order {{ order_id }} is on its way." }
        within: 1h
      - channel: email
        content:
          subject: Your order is on its way
          text: "Order {{ order_id }} has left our house."
  - id: large
    condition: data.total > 100
    then:
      - id: thanks
        channel: email
        content: { subject: Thank you, text: "A large order deserves a word of thanks." }
`

/** What a new workflow begins with. */
export const BLANK = `name: my-workflow
description: ''
steps:
  - id: hello
    channel: email
    content:
      subject: Hello
      text: "Hello {{ recipient.displayName | default: 'there' }}."
`

/** Starting a run in every language we speak. */
export function startSnippets(origin: string, name: string): SnippetTab[] {
  return [
    {
      title: 'curl',
      code: `curl ${origin}/v1/workflows/${name}:start \\
  -H "Authorization: Bearer $MAINSTAY_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "to": { "email": "ada@example.com" },
    "data": { "order_id": "o-1234", "total": 120 },
    "dedupeKey": "order-1234-shipped"
  }'`,
    },
    {
      title: 'TypeScript',
      code: `import { createMainstay } from '@mainstay/sdk'

const mainstay = createMainstay({
  baseUrl: '${origin}',
  apiKey: process.env.MAINSTAY_API_KEY,
})

await mainstay.workflows.startWorkflow({
  workflow: '${name}',
  to: { target: { case: 'email', value: 'ada@example.com' } },
  data: { order_id: 'o-1234', total: 120 },
  dedupeKey: 'order-1234-shipped',
})`,
    },
    {
      title: 'CLI',
      code: `export MAINSTAY_URL=${origin}
export MAINSTAY_API_KEY=msk_test_…

mainstay workflows start ${name} --to ada@example.com \\
  --data order_id=o-1234 --dedupe-key order-1234-shipped`,
    },
  ]
}
