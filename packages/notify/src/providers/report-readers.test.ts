import { createHash, createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ReportMalformed, type ReportReader, type ReportRequest } from './reports.ts'
import { birdReports } from './sms/bird-reports.ts'
import { gupshupReports } from './sms/gupshup-reports.ts'
import { msg91Reports } from './sms/msg91-reports.ts'
import { vonageReports } from './sms/vonage-reports.ts'
import { twilioReports } from './twilio-reports.ts'
import { metaReports } from './whatsapp/meta-reports.ts'

const nowMs = 1_790_000_000_000
const secret = 'a secret of some length, for all'
const token = 'a-token-of-our-own-choice'
const hmac = (algorithm: string, text: string | Buffer) => createHmac(algorithm, secret).update(text)
const base = 'https://acme.example/reports/1'

interface Case {
  name: string
  /** A document that is well, in which values are changed. */
  document: object
  read(body: Buffer): unknown
}

function aCase<C>(
  name: string,
  document: object,
  reader: ReportReader<C>,
  config: C,
  sign: (body: Buffer) => Partial<ReportRequest>,
): Case {
  const common = { method: 'POST', url: base, headers: {}, receivedMs: nowMs }
  return { name, document, read: (body) => reader.read({ ...common, body, ...sign(body) }, config) }
}

function vonageToken(body: Buffer): string {
  const claims = {
    iss: 'Vonage',
    iat: nowMs / 1000,
    payload_hash: createHash('sha256').update(body).digest('hex'),
  }
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${encode({ alg: 'HS256' })}.${encode(claims)}`
  return `${signed}.${hmac('sha256', signed).digest('base64url')}`
}

const withToken = () => ({ url: `${base}?token=${token}` })

const cases: Case[] = [
  aCase(
    'Twilio',
    { MessageSid: `SM${'0'.repeat(32)}`, MessageStatus: 'failed', ErrorCode: '30005', To: '+491701234567' },
    twilioReports,
    { authToken: secret },
    (body) => {
      const url = `${base}?bodySHA256=${createHash('sha256').update(body).digest('hex')}`
      return { url, headers: { 'x-twilio-signature': hmac('sha1', url).digest('base64') } }
    },
  ),
  aCase(
    'Meta',
    {
      entry: [
        {
          changes: [
            {
              field: 'messages',
              value: {
                statuses: [
                  {
                    id: 'wamid.1',
                    status: 'failed',
                    timestamp: '1750263773',
                    errors: [{ code: 1, title: 'T' }],
                  },
                ],
              },
            },
          ],
        },
      ],
    },
    metaReports,
    { appSecret: secret, verifyToken: '' },
    (body) => ({ headers: { 'x-hub-signature-256': `sha256=${hmac('sha256', body).digest('hex')}` } }),
  ),
  aCase(
    'Vonage',
    {
      message_uuid: 'a',
      status: 'rejected',
      timestamp: '2025-10-09T08:53:20Z',
      error: { type: '#1170', title: 1170 },
    },
    vonageReports,
    { signatureSecret: secret },
    (body) => ({ headers: { authorization: `Bearer ${vonageToken(body)}` } }),
  ),
  aCase(
    'Bird',
    {
      type: 'sms.failed',
      timestamp: '2026-09-21T13:33:20Z',
      data: {
        sms_id: 'sms_1',
        to: '+491701234567',
        metadata: {},
        error: { code: 'unknown', description: 'D' },
      },
    },
    birdReports,
    { webhookSecret: `whsec_${Buffer.from(secret).toString('base64')}` },
    (body) => {
      const signed = Buffer.concat([Buffer.from(`evt_1.${nowMs / 1000}.`), body])
      return {
        headers: {
          'webhook-id': 'evt_1',
          'webhook-timestamp': String(nowMs / 1000),
          'webhook-signature': `v1,${hmac('sha256', signed).digest('base64')}`,
        },
      }
    },
  ),
  aCase(
    'Gupshup',
    [{ externalId: '1-2', eventType: 'FAILED', eventTs: 1_526_347_800_000, destAddr: 91, cause: 'DND_FAIL' }],
    gupshupReports,
    { reportToken: token },
    withToken,
  ),
  aCase(
    'MSG91',
    { requestId: 'a', status: '2', desc: 'FAILED', number: '91', CRQID: '0', failureReason: '' },
    msg91Reports,
    { reportToken: token },
    withToken,
  ),
]

/** JSON values, and among them the objects that cannot be made into a text. */
const anyValue = fc.oneof(
  fc.jsonValue(),
  fc.constant({ toString: 1, valueOf: 1 }),
  fc.constant('constructor'),
)

/** The document with each of its values changed now and then. */
function mutate(document: unknown): fc.Arbitrary<unknown> {
  const kept = Array.isArray(document)
    ? fc.tuple(...document.map(mutate))
    : typeof document === 'object' && document !== null
      ? fc.record(Object.fromEntries(Object.entries(document).map(([key, value]) => [key, mutate(value)])))
      : fc.constant(document)
  return fc.oneof({ weight: 8, arbitrary: kept }, { weight: 1, arbitrary: anyValue })
}

describe('readers of reports', () => {
  for (const { name, document, read } of cases) {
    test(`${name}: a document that is well is read`, async () => {
      await read(Buffer.from(JSON.stringify(document)))
    })

    test(`${name}: whatever is signed is read or called malformed, and nothing else happens`, async () => {
      await fc.assert(
        fc.asyncProperty(mutate(document), async (changed) => {
          try {
            await read(Buffer.from(JSON.stringify(changed)))
          } catch (error) {
            if (!(error instanceof ReportMalformed)) throw error
          }
        }),
      )
    })
  }
})
