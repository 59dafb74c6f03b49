import { newTrace } from '@mainstay/kernel'
import type { SendNotificationRequest } from '@mainstay/proto/notify/v1'
import { SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'
import { newRequestId, nobody, requestReader } from '@mainstay/rpc'
import type { SendContext } from '../accept/send.ts'
import type { EnqueuedRow } from './store.ts'

/** Made at first use: compiling the contract's rules takes 25 MiB, which who enqueues nothing need not spend. */
let reader: ReturnType<typeof requestReader> | undefined

function read(json: string): SendNotificationRequest {
  reader ??= requestReader(SendNotificationRequestSchema)
  return reader(Buffer.from(json)) as SendNotificationRequest
}

/**
 * Sends what was enqueued as the API would: the same forms, the same rules, the same refusals. Without a dedupe key of its
 * own the row's id is the key, so that a row which is taken twice is sent once.
 */
export function createEnqueuedAccept(
  send: (request: SendNotificationRequest, ctx: SendContext) => Promise<unknown>,
) {
  return async (row: EnqueuedRow): Promise<void> => {
    const request = read(row.request)
    request.dedupeKey ||= `enqueued/${row.enqueuedId}`
    await send(request, {
      projectId: row.projectId,
      caller: { ...nobody, id: `sql:${row.actor}`, testMode: !row.live },
      requestId: newRequestId(Date.now()),
      trace: newTrace(),
      idempotency: undefined,
      setHeader: () => undefined,
    })
  }
}
