import { newTrace } from '@mainstay/kernel'
import type { CallContext, Caller } from '@mainstay/rpc'
import { TEST_PROJECT } from './ledger.ts'

/** A call as the pipeline hands it to a handler, and what the handler said in its answer's headers. */
export interface TestCall extends CallContext {
  readonly sentHeaders: ReadonlyMap<string, string>
  /** As the caller goes away. */
  hangUp(): void
}

export interface TestCallOptions {
  method?: string
  projectId?: string
  testMode?: boolean
  actor?: string
  idempotency?: CallContext['idempotency']
  tx?: CallContext['tx']
}

export function testCall(options: TestCallOptions = {}): TestCall {
  const { projectId = TEST_PROJECT, testMode = false, actor = 'key_test' } = options
  const sentHeaders = new Map<string, string>()
  const away = new AbortController()
  const caller: Caller = {
    kind: 'api_key',
    id: actor,
    projectId,
    scopes: new Set(['*']),
    permissions: new Set(),
    display: 'a test',
    testMode,
  }
  return {
    caller,
    projectId,
    trace: newTrace(),
    requestId: 'req_test',
    signal: away.signal,
    method: options.method ?? 'mainstay.notify.v1.Notify/Test',
    protocol: 'rest',
    clientAddress: '127.0.0.1',
    deadlineMs: Number.POSITIVE_INFINITY,
    idempotency: options.idempotency,
    tx: options.tx,
    header: () => undefined,
    setHeader: (name, value) => void sentHeaders.set(name, value),
    sentHeaders,
    hangUp: () => away.abort(),
  }
}
