import { PROVIDER_CHANNELS, type ProviderChannel } from '../providers/outgoing.ts'
import { type Service, semanticsOf } from '../providers/service.ts'
import { services } from '../providers/services.ts'

const TITLES: Readonly<Record<ProviderChannel, string>> = {
  email: 'Email',
  sms: 'Text messages',
  whatsapp: 'WhatsApp',
  push: 'Push',
  chat: 'Chat',
  webhook: 'Webhooks',
}

/** The page of all services: docs/providers.md. */
export function renderProvidersMarkdown(): string {
  const parts = PROVIDER_CHANNELS.map((channel) => section(channel)).filter((part) => part !== '')
  return `${HEAD}\n${parts.join('\n')}`
}

const HEAD = `# Providers

Generated from the definitions in \`packages/notify/src/providers\`: run \`npm run generate\` after changing one. Besides these
there are SMTP, an HTTP endpoint of your own for every channel, and the sandbox ([email.md](guides/email.md)).

What happens when an answer is lost is the order of the column from left to right: the same call again with its idempotency
key, a question by our reference, the provider's own report; only then the policy of the message's class decides.
`

function section(channel: ProviderChannel): string {
  const own = [...services.values()]
    .filter((service) => service.channel === channel)
    .toSorted((a, b) => a.title.localeCompare(b.title))
  if (own.length === 0) return ''
  const rows = own.map(row).join('\n')
  return `## ${TITLES[channel]}

| provider | kind | when an answer is lost | reports | price per | documented rate |
| --- | --- | --- | --- | --- | --- |
${rows}

${own.map(details).join('\n')}`
}

function row(service: Service): string {
  const { title, documentation, kind } = service
  const { idempotencyWindowMs, lookup, reports, priceUnit, messagesPerSecond } = semanticsOf(service)
  const steps = [
    ...(idempotencyWindowMs > 0 ? [`same key, ${hours(idempotencyWindowMs)}`] : []),
    ...(lookup ? ['asked'] : []),
    ...(reports && service.reports?.namesItsOwnIdOnly !== true ? ['report'] : []),
    'policy',
  ]
  const rate = messagesPerSecond === 0 ? '–' : `${Math.round(messagesPerSecond * 10) / 10}/s`
  const link = `[${title}](${documentation})`
  return `| ${link} | \`${kind}\` | ${steps.join(' → ')} | ${reports ? 'yes' : '–'} | ${priceUnit} | ${rate} |`
}

function hours(ms: number): string {
  const whole = ms / 3_600_000
  return whole >= 48 ? `${Math.round(whole / 24)} days` : `${Math.round(whole * 10) / 10} h`
}

function details({ title, senderHelp, fields }: Service): string {
  const lines = Object.entries(fields).map(([name, { label, help, secret, required, choices }]) => {
    const marks = [required ? 'required' : 'optional', ...(secret ? ['secret'] : [])].join(', ')
    const values =
      choices === undefined ? '' : ` One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`
    return `- \`${name}\` (${marks}): ${label}. ${help}${values}`
  })
  return `### ${title}

Sender: ${senderHelp}

${lines.join('\n')}
`
}
