import type { GrpcServer } from '@mainstay/rpc'

/** Takes no new calls, ends open streams, lets other calls be answered, and ends what is left after `drainTimeoutMs`. */
export async function closeGrpc(grpc: GrpcServer, drainTimeoutMs: number): Promise<void> {
  const late = setTimeout(() => grpc.closeAllConnections(), drainTimeoutMs)
  try {
    await grpc.close()
  } finally {
    clearTimeout(late)
  }
}
