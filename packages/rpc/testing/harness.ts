import type { AddressInfo } from 'node:net'
import { AppError, createLogger, createMetrics, loadSettings, type Metrics, type Tx } from '@mainstay/kernel'
import fastify, { type FastifyInstance } from 'fastify'
import {
  type Caller,
  createRpc,
  httpOptions,
  type IdempotencyPort,
  type Implementation,
  nobody,
  type Ports,
  type Rpc,
  type RpcLimits,
  rpcSettings,
} from '../src/index.ts'

/** A server with implementations under test, on ports of its own. */
export interface TestServer {
  readonly app: FastifyInstance
  readonly rpc: Rpc
  readonly url: string
  readonly grpcUrl: string
  readonly metrics: Metrics
  /** The log's lines so far. */
  readonly logged: Record<string, unknown>[]
  stop(): Promise<void>
}

export interface TestServerOptions {
  limits?: Partial<RpcLimits>
  ports?: Partial<Ports>
  /** What an application does to its server before ours is added to it. */
  prepare?: (app: FastifyInstance) => void
}

export const tester: Caller = Object.freeze({
  ...nobody,
  kind: 'api_key',
  id: 'key_tester',
  projectId: '00000000-0000-7000-8000-000000000001',
  scopes: new Set(['*']),
})

/** Starts a server. `Bearer tester` is a caller who may do all, `Bearer guest` one who may do nothing. */
export async function startTestServer(
  implementations: readonly Implementation[],
  options: TestServerOptions = {},
): Promise<TestServer> {
  const metrics = createMetrics()
  const logged: Record<string, unknown>[] = []
  const logger = createLogger({
    level: 'debug',
    stream: { write: (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>) },
  })
  const limits = { ...loadSettings([rpcSettings], {}).rpc, ...options.limits }
  const ports: Ports = { ...testPorts, idempotency: createMemoryIdempotency(), ...options.ports }
  const rpc = createRpc({ implementations, ports, logger, metrics, limits })
  const app = fastify(httpOptions(limits))
  options.prepare?.(app)
  rpc.registerHttp(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const grpc = rpc.createGrpcServer()
  await grpc.listen({ host: '127.0.0.1', port: 0 })
  const port = (address: string | AddressInfo | null): number => (address as AddressInfo).port
  return {
    app,
    rpc,
    metrics,
    logged,
    url: `http://127.0.0.1:${port(app.server.address())}`,
    grpcUrl: `http://127.0.0.1:${port(grpc.address())}`,
    async stop() {
      await Promise.all([app.close(), grpc.close()])
    },
  }
}

const testPorts: Ports = {
  authenticate(ctx) {
    const credential = ctx.header('authorization')
    if (credential === 'Bearer tester') return tester
    if (credential === 'Bearer guest') return { ...tester, id: 'key_guest', scopes: new Set() }
    throw new AppError({
      code: 'unauthenticated',
      reason: 'conformance.unknown_caller',
      message: 'Who are you?',
    })
  },
  authorise(caller, rule) {
    if (caller.scopes.has('*') || caller.scopes.has(rule.apiKeyScope)) return
    throw new AppError({
      code: 'permission_denied',
      reason: 'conformance.forbidden',
      message: 'You may not.',
    })
  },
}

/** Idempotency keys in memory, with the promises of the real port. */
export function createMemoryIdempotency(): IdempotencyPort {
  const answers = new Map<string, { hash: string; bytes: Promise<Uint8Array> }>()
  return {
    async run(ctx, method, requestHash, execute) {
      const id = `${ctx.projectId} ${method} ${ctx.idempotency?.key}`
      const hash = Buffer.from(requestHash).toString('hex')
      const before = answers.get(id)
      if (before !== undefined && before.hash !== hash) {
        throw new AppError({
          code: 'already_exists',
          reason: 'conformance.key_reused',
          message: 'Another request used this key.',
        })
      }
      if (before !== undefined) return { bytes: await before.bytes, replayed: true }
      const bytes = execute({} as Tx)
      answers.set(id, { hash, bytes })
      bytes.catch(() => answers.delete(id))
      return { bytes: await bytes, replayed: false }
    },
  }
}
