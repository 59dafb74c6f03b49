import { PUBLIC_URL, RESEND_SECRET, TWILIO_TOKEN } from './plan.ts'
import type { ServerReady } from './server-main.ts'

/** What there is before anything is sent: projects, a key for each, and their provider accounts. */
export interface Accounts {
  /** By project. */
  apiKeys: Record<string, string>
  /** Where Resend is to report. */
  resendReportUrl: string
}

/** Account SIDs are what the peer tells accounts apart by. */
export const sid = (number: number): string => `AC${String(number).padStart(32, '0')}`

export async function makeAccounts(api: ServerReady, smtpPort: number): Promise<Accounts> {
  const cookie = await signIn(api)
  const apiKeys: Record<string, string> = {}
  for (const name of ['keyed', 'texts', 'mails', 'two']) {
    const asOperator = { cookie, 'sec-fetch-site': 'same-origin' }
    await post(api, '/v1/projects', asOperator, { slug: name, displayName: name })
    const { secret } = await post(
      api,
      '/v1/api-keys',
      { ...asOperator, 'mainstay-project': name },
      { displayName: 'Chaos', mode: 'MODE_LIVE', scopes: ['notify:read', 'notify:write', 'notify:send'] },
    )
    apiKeys[name] = String(secret)
  }
  const account = (project: string, body: Record<string, unknown>) =>
    post(
      api,
      '/v1/provider-accounts',
      { authorization: `Bearer ${apiKeys[project]}` },
      { enabled: true, routing: { messagesPerSecond: 0, weight: 1 }, ...body },
    )
  const resend = await account('keyed', {
    displayName: 'Keyed',
    sender: 'Acme <hello@acme.example>',
    service: { kind: 'resend', secrets: { apiKey: 're_12345678', webhookSecret: RESEND_SECRET } },
  })
  await account('mails', {
    displayName: 'Mail server',
    sender: 'Acme <hello@acme.example>',
    smtp: { host: '127.0.0.1', port: smtpPort, security: 'SMTP_SECURITY_NONE', maxConnections: 20 },
  })
  for (const [project, number] of [
    ['texts', 1],
    ['two', 2],
    ['two', 3],
  ] as const) {
    await account(project, {
      displayName: `Texts ${number}`,
      sender: '+14155550100',
      service: {
        kind: 'twilio_sms',
        settings: { accountSid: sid(number) },
        secrets: { authToken: TWILIO_TOKEN },
      },
    })
  }
  return { apiKeys, resendReportUrl: String(resend.reportUrl) }
}

async function signIn(api: ServerReady): Promise<string> {
  const response = await fetch(`${api.url}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', origin: PUBLIC_URL },
    body: JSON.stringify({ token: api.token }),
  })
  if (!response.ok) throw new Error(`signing in: ${response.status} ${await response.text()}`)
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

async function post(
  { url }: ServerReady,
  path: string,
  headers: Record<string, string>,
  body: unknown,
): Promise<Record<string, unknown>> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Record<string, unknown>
}
