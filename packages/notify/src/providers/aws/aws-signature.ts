import { createHash, createHmac } from 'node:crypto'
import type { HttpRequest } from '../http-sender.ts'

export interface AwsIdentity {
  accessKeyId: string
  secretAccessKey: string
  region: string
}

/**
 * Signs a request for an AWS service with Signature Version 4: the host, the time and every header that is given, the path,
 * the query and the body. AWS takes it for five minutes.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signAwsRequest(
  request: HttpRequest,
  { accessKeyId, secretAccessKey, region }: AwsIdentity,
  service: string,
  nowMs: number,
): HttpRequest {
  const url = new URL(request.url)
  const time = new Date(nowMs).toISOString().replace(/\.\d+Z$|[-:]/g, (part) => (part[0] === '.' ? 'Z' : ''))
  const headers: Record<string, string> = { ...request.headers, 'x-amz-date': time }
  const signed = Object.entries({ ...headers, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')] as const)
    .sort(([one], [other]) => compare(one, other))
  const signedNames = signed.map(([name]) => name).join(';')
  const canonical = [
    request.method,
    url.pathname.split('/').map(encode).join('/'),
    canonicalQuery(url),
    ...signed.map(([name, value]) => `${name}:${value}`),
    '',
    signedNames,
    sha256(request.body ?? ''),
  ].join('\n')
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  const signature = hmac(key, toSign).toString('hex')
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedNames}, Signature=${signature}`
  return { ...request, headers }
}

/** Sorted by the encoded name, then by the encoded value. */
function canonicalQuery({ searchParams }: URL): string {
  return [...searchParams]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue))
    .map((pair) => pair.join('='))
    .join('&')
}

/** RFC 3986 §2.3: everything but letters, digits and `-._~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function compare(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
