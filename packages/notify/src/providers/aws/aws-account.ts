import type { ProviderResult } from '../adapter.ts'
import { jsonObject, textOf } from '../http-outcome.ts'
import type { HttpAnswer, HttpRequest } from '../http-sender.ts'
import type { ServiceContext } from '../service.ts'
import { type AwsIdentity, signAwsRequest } from './aws-signature.ts'

/** What every account of an AWS service is configured with. */
export const awsFields = {
  accessKeyId: {
    label: 'Access key ID',
    help: 'IAM → Users → your user → Security credentials. It needs no more than the permission to send.',
    secret: false,
    required: true,
    pattern: /^AKIA[A-Z0-9]{12,124}$/,
  },
  secretAccessKey: {
    label: 'Secret access key',
    help: 'Shown once, when the access key is created.',
    secret: true,
    required: true,
    pattern: /^[A-Za-z0-9/+=]{40,128}$/,
  },
  region: {
    label: 'Region',
    help: 'Where the senders are set up, for example eu-central-1.',
    secret: false,
    required: true,
    pattern: /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/,
  },
} as const

/** Where a service of a region answers; regions of China have a domain of their own. */
export function awsHost(service: string, region: string): string {
  return `${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}

/** A signed call of an AWS service with a Query API (SNS, STS). */
export function awsQuery(
  service: 'sns' | 'sts',
  parameters: Record<string, string>,
  identity: AwsIdentity,
  { nowMs }: ServiceContext,
): HttpRequest {
  return signAwsRequest(
    {
      method: 'POST',
      url: `https://${awsHost(service, identity.region)}/`,
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: new URLSearchParams(parameters).toString(),
    },
    identity,
    service,
    nowMs(),
  )
}

/**
 * Asks whose key it is, which every key may, so that one that may only send is known too.
 *
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export function verifyAwsIdentity(identity: AwsIdentity, context: ServiceContext): HttpRequest {
  return awsQuery('sts', { Action: 'GetCallerIdentity', Version: '2011-06-15' }, identity, context)
}

/** An error of AWS: its code without the namespaces and URLs that some protocols add, and its words. */
export interface AwsError {
  code: string
  message: string
}

/** In a header or the JSON body of REST services, in the XML body of Query services. Undefined: there is none. */
export function readAwsError(answer: HttpAnswer): AwsError | undefined {
  if (answer.status < 400) return
  const json = jsonObject(answer) ?? {}
  const code =
    answer.headers['x-amzn-errortype'] ??
    textOf(json.__type) ??
    textOf(json.code) ??
    /<Code>([\w.]+)<\/Code>/.exec(answer.body)?.[1]
  if (code === undefined) return
  const message =
    textOf(json.message) ?? textOf(json.Message) ?? /<Message>([^<]*)<\/Message>/.exec(answer.body)?.[1] ?? ''
  return { code: code.replace(/^.*#/, '').replace(/:.*$/s, ''), message }
}

/**
 * The errors that every AWS service shares, several of which come as HTTP 400 too; undefined for the others.
 *
 * https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
 */
export function judgeAwsError({ code }: AwsError, reply: string): ProviderResult | undefined {
  if (NOT_NOW.has(code)) return { outcome: 'rejected_transient', reply }
  if (WRONG_ACCOUNT.has(code)) return { outcome: 'rejected_transient', reply, accountFault: true }
  return
}

const NOT_NOW = new Set([
  'Throttling',
  'ThrottlingException',
  'Throttled',
  'ThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'ServiceUnavailable',
])
const WRONG_ACCOUNT = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthorizationError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'NotAuthorized',
  'OptInRequired',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
])
