import { Channel } from '@mainstay/proto/notify/v1'
import type { SnippetTab } from '../components/snippet/snippet.tsx'

/** One message as each language says it. */
interface Example {
  /** The request's body. */
  to: string
  content: string
  typescript: { target: string; content: string }
  cli: string
}

const text = 'Your code is 481 502.'

const examples: Partial<Record<Channel, Example>> = {
  [Channel.EMAIL]: {
    to: '{ "email": "ada@example.com" }',
    content: '"email": { "subject": "It works", "text": "Hello Ada." }',
    typescript: {
      target: "{ case: 'email', value: 'ada@example.com' }",
      content: "{ case: 'email', value: { subject: 'It works', text: 'Hello Ada.' } }",
    },
    cli: '--to ada@example.com --subject "It works" --text "Hello Ada."',
  },
  [Channel.SMS]: {
    to: '{ "phone": "+491701234567" }',
    content: `"sms": { "text": "${text}" }`,
    typescript: {
      target: "{ case: 'phone', value: '+491701234567' }",
      content: `{ case: 'sms', value: { text: '${text}' } }`,
    },
    cli: `--channel sms --to +491701234567 --text "${text}"`,
  },
  [Channel.PUSH]: {
    to: '{ "deviceToken": "device-of-ada" }',
    content: '"push": { "title": "On its way", "body": "With you at 18:40." }',
    typescript: {
      target: "{ case: 'deviceToken', value: 'device-of-ada' }",
      content: "{ case: 'push', value: { title: 'On its way', body: 'With you at 18:40.' } }",
    },
    cli: '--channel push --to device-of-ada --title "On its way" --text "With you at 18:40."',
  },
  [Channel.INBOX]: {
    to: '{ "recipientId": "ada" }',
    content: '"inbox": { "title": "Your order has shipped", "actionUrl": "/orders/7" }',
    typescript: {
      target: "{ case: 'recipientId', value: 'ada' }",
      content: "{ case: 'inbox', value: { title: 'Your order has shipped', actionUrl: '/orders/7' } }",
    },
    cli: '--channel inbox --to ada --title "Your order has shipped"',
  },
  [Channel.CHAT]: {
    to: '{ "chat": "C01234567" }',
    content: '"chat": { "text": "Order *1234* has shipped." }',
    typescript: {
      target: "{ case: 'chat', value: 'C01234567' }",
      content: "{ case: 'chat', value: { text: 'Order *1234* has shipped.' } }",
    },
    cli: '--channel chat --to C01234567 --text "Order *1234* has shipped."',
  },
  [Channel.WEBHOOK]: {
    to: '{ "url": "https://customer.example/hooks" }',
    content: '"webhook": { "type": "order.shipped", "data": { "orderId": "1234" } }',
    typescript: {
      target: "{ case: 'url', value: 'https://customer.example/hooks' }",
      content: "{ case: 'webhook', value: { type: 'order.shipped', data: { orderId: '1234' } } }",
    },
    cli: '--channel webhook --to https://customer.example/hooks --type order.shipped --data orderId=1234',
  },
}

/** The first message over a channel in every language we speak. `secret` is the reader's key, once they have made one. */
export function sendSnippets(
  origin: string,
  secret: string | undefined,
  channel: Channel = Channel.EMAIL,
): SnippetTab[] {
  const example = examples[channel] ?? examples[Channel.EMAIL]
  if (!example) return []
  return [
    { title: 'curl', code: curl(origin, secret, example) },
    { title: 'TypeScript', code: typescript(origin, secret, example) },
    { title: 'CLI', code: cli(origin, secret, example) },
  ]
}

function curl(origin: string, secret: string | undefined, { to, content }: Example): string {
  return `curl ${origin}/v1/notifications \\
  -H "Authorization: Bearer ${secret ?? '$MAINSTAY_API_KEY'}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "to": ${to},
    ${content}
  }'`
}

function typescript(origin: string, secret: string | undefined, example: Example): string {
  return `import { createMainstay } from '@mainstay/sdk'

const mainstay = createMainstay({
  baseUrl: '${origin}',
  apiKey: ${secret ? `'${secret}'` : 'process.env.MAINSTAY_API_KEY'},
})

await mainstay.notify.sendNotification({
  to: { target: ${example.typescript.target} },
  content: ${example.typescript.content},
})`
}

function cli(origin: string, secret: string | undefined, example: Example): string {
  return `export MAINSTAY_URL=${origin}
export MAINSTAY_API_KEY=${secret ?? 'msk_test_…'}

mainstay send ${example.cli}`
}
