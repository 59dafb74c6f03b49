import { type DescMethodUnary, fromJson, type JsonValue, type MessageShape, toJson } from '@bufbuild/protobuf'
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node'
import { CODES, type FieldViolation } from '@mainstay/kernel'
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '@mainstay/proto/google/rpc'
import type { TestServer } from './harness.ts'

/** What a call came to, in one form for every protocol. */
export type Outcome =
  | { answer: JsonValue }
  | { code: string; reason: string; message: string; violations: FieldViolation[]; retryAfterMs?: number }

export interface RestRequest {
  verb: string
  path: string
  body?: unknown
}

/** One call, in each protocol's own words. The clients of the binary protocols are not ours. */
export interface Ways {
  rest(request: RestRequest): Promise<Outcome>
  connectJson(json: unknown): Promise<Outcome>
  connectBinary(json: JsonValue): Promise<Outcome>
  grpc(json: JsonValue): Promise<Outcome>
  grpcWeb(json: JsonValue): Promise<Outcome>
}

/** The five ways to call a unary method of a server under test. */
export function waysTo(
  server: TestServer,
  method: DescMethodUnary,
  headers: Record<string, string> = {},
): Ways {
  const viaClient = (transport: Transport) => async (json: JsonValue) => {
    const client = createClient(method.parent, transport) as unknown as Record<string, UnaryCall>
    try {
      const answer = await client[method.localName]?.(fromJson(method.input, json), { headers })
      return { answer: toJson(method.output, answer as MessageShape<typeof method.output>) }
    } catch (error) {
      return outcomeOfConnectError(ConnectError.from(error))
    }
  }
  return {
    rest: ({ verb, path, body }) => fetchJson(server.url + path, verb, body, headers, readRestError),
    connectJson: (json) =>
      fetchJson(
        `${server.url}/${method.parent.typeName}/${method.name}`,
        'POST',
        json,
        headers,
        readConnectError,
      ),
    connectBinary: viaClient(
      createConnectTransport({ baseUrl: server.url, httpVersion: '1.1', useBinaryFormat: true }),
    ),
    grpc: viaClient(createGrpcTransport({ baseUrl: server.grpcUrl })),
    grpcWeb: viaClient(createGrpcWebTransport({ baseUrl: server.url, httpVersion: '1.1' })),
  }
}

type UnaryCall = (request: unknown, options: { headers: Record<string, string> }) => Promise<unknown>

async function fetchJson(
  url: string,
  verb: string,
  body: unknown,
  headers: Record<string, string>,
  readError: (json: unknown, response: Response) => Outcome,
): Promise<Outcome> {
  const response = await fetch(url, {
    method: verb,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const json = (await response.json()) as JsonValue
  return response.ok ? { answer: json } : readError(json, response)
}

function readRestError(json: unknown, response: Response): Outcome {
  const { error } = json as {
    error: { code: string; reason: string; message: string; details: FieldViolation[] }
  }
  const retryAfter = response.headers.get('retry-after')
  return {
    code: error.code,
    reason: error.reason,
    message: error.message,
    violations: error.details.map(complete),
    ...(retryAfter === null ? {} : { retryAfterMs: Number(retryAfter) * 1000 }),
  }
}

/** Protobuf has no difference between absent and empty. */
function complete({ field = '', description = '', reason = '' }: Partial<FieldViolation>): FieldViolation {
  return { field, description, reason }
}

interface JsonDetail {
  type: string
  debug: { reason?: string; fieldViolations?: FieldViolation[]; retryDelay?: string }
}

function readConnectError(json: unknown): Outcome {
  const { code, message, details } = json as { code: string; message: string; details: JsonDetail[] }
  const detail = (type: string) => details.find((candidate) => candidate.type === `google.rpc.${type}`)?.debug
  const retryDelay = detail('RetryInfo')?.retryDelay
  return {
    code: code === 'canceled' ? 'cancelled' : code,
    reason: detail('ErrorInfo')?.reason ?? '',
    message,
    violations: (detail('BadRequest')?.fieldViolations ?? []).map(complete),
    ...(retryDelay === undefined ? {} : { retryAfterMs: Number.parseFloat(retryDelay) * 1000 }),
  }
}

function outcomeOfConnectError(error: ConnectError): Outcome {
  const [info] = error.findDetails(ErrorInfoSchema)
  const [badRequest] = error.findDetails(BadRequestSchema)
  const [retryInfo] = error.findDetails(RetryInfoSchema)
  const code = Object.entries(CODES).find(([, { grpc }]) => grpc === (error.code as number))?.[0]
  return {
    code: code ?? Code[error.code],
    reason: info?.reason ?? '',
    message: error.rawMessage,
    violations: (badRequest?.fieldViolations ?? []).map(({ field, description, reason }) => ({
      field,
      description,
      reason,
    })),
    ...(retryInfo?.retryDelay === undefined
      ? {}
      : { retryAfterMs: Number(retryInfo.retryDelay.seconds) * 1000 + retryInfo.retryDelay.nanos / 1e6 }),
  }
}
