import { newTrace } from '@mainstay/kernel'
import type { SendNotificationRequest } from '@mainstay/proto/notify/v1'
import { SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'
import { newRequestId, nobody, requestReader } from '@mainstay/rpc'
import type { SendContext } from '../accept/send.ts'
import type { EnqueuedRow } from './store.ts'

const read = requestReader(SendNotificationRequestSchema)

/**
 * Sends what was enqueued as the API would: the same forms, the same rules, the same refusals. Without a dedupe key of its
 * own the row's id is the key, so that a row which is taken twice is sent once.
 */
export function createEnqueuedAccept(
  send: (request: SendNotificationRequest, ctx: SendContext) => Promise<unknown>,
) {
  return async (row: EnqueuedRow): Promise<void> => {
    const request = read(Buffer.from(row.request)) as SendNotificationRequest
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
