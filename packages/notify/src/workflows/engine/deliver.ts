import type { MessageInitShape } from '@bufbuild/protobuf'
import { type AppError, fromTypeId, newTrace, toAppError } from '@mainstay/kernel'
import type { NotificationSchema } from '@mainstay/proto/notify/v1'
import { type SendNotificationRequest, SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'
import { newRequestId, nobody, requestReader } from '@mainstay/rpc'
import type { SendContext } from '../../accept/send.ts'
import type { Letter, WebhookStep } from '../definition/definition.ts'
import type { Plan } from '../definition/plan.ts'
import type { Scope } from '../expression/evaluate.ts'
import { fillTexts, writeLetter } from './letter.ts'
import type { PickedRun } from './run.ts'

/** One thing that a step says. */
export interface Delivery {
  /** Unique in the run, and the same whenever it is said again. */
  key: string
  letter: Letter | WebhookStep
}

/** SendNotification as the API has it. */
export type Send = (
  request: SendNotificationRequest,
  ctx: SendContext,
) => Promise<MessageInitShape<typeof NotificationSchema>>

const read = requestReader(SendNotificationRequestSchema)

/**
 * Sends as the API would: the same forms, rules and refusals. The dedupe key is made of the run and the step, so that what is sent
 * again, because a worker died before it could write down that it was, is the same notification.
 *
 * @returns the uuids of its messages.
 */
export async function deliver(
  send: Send,
  run: PickedRun,
  { definition }: Plan,
  { key, letter }: Delivery,
  scope: Scope,
): Promise<string[]> {
  const said =
    'url' in letter
      ? { webhook: { type: letter.type, data: fillTexts(letter.data, scope) } }
      : writeLetter(letter, scope, definition)
  const to = 'url' in letter ? { url: fillTexts(letter.url, scope) } : run.target
  const request = read(Buffer.from(JSON.stringify({ ...said, to }))) as SendNotificationRequest
  request.dedupeKey = `workflow/${run.runId}/${key}`
  const trace = newTrace()
  const { messageIds = [] } = await send(request, {
    projectId: run.projectId,
    caller: { ...nobody, id: `workflow:${run.workflow}`, testMode: !run.live },
    requestId: newRequestId(Date.now()),
    trace: run.traceId === null ? trace : { ...trace, traceId: run.traceId },
    idempotency: undefined,
    workflowRunId: run.runId,
    setHeader: () => undefined,
  })
  return messageIds.flatMap((id) => fromTypeId('msg', id) ?? [])
}

/** Refusals that another try would meet again: of the request, of whom it is to, and of how the project is set up. */
const FOR_GOOD: ReadonlySet<AppError['code']> = new Set([
  'invalid_argument',
  'failed_precondition',
  'not_found',
  'permission_denied',
])

/** Why a step is passed over, in words; undefined: it was not refused for good. */
export function refusalOf(error: unknown): string | undefined {
  const { code, message, violations } = toAppError(error)
  if (!FOR_GOOD.has(code)) return undefined
  const details = violations.map(({ field, description }) => `${field}: ${description}`)
  return [message, ...details].join('\n')
}

/** Whether it is worth trying again: something is down, overloaded or late. A mistake of the program is not told so. */
export function isForNow(error: unknown): boolean {
  const { code } = toAppError(error)
  return (
    code === 'unavailable' ||
    code === 'deadline_exceeded' ||
    code === 'resource_exhausted' ||
    code === 'aborted'
  )
}

export function wordsOf(error: unknown): string {
  return toAppError(error).message
}
