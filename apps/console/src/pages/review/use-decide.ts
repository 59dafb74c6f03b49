import type { Message, Resolution } from '@mainstay/proto/notify/v1'
import { MainstayError } from '@mainstay/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { describeFailure } from '../../api/failure.ts'
import { mainstay } from '../../api/mainstay.ts'
import { toast } from '../../components/toast/toast.tsx'
import { unknownMessagesKey } from '../../notify/unknown-messages.ts'

/** So many calls at once: a hundred decisions take a moment, and the API has room for others. */
const atOnce = 6

interface Outcome {
  decided: number
  /** Somebody, or a report of the provider, was quicker. */
  overtaken: number
  error: unknown
}

/** Records one decision for several messages. What somebody else decided meanwhile is left as it is. */
export function useDecide() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ messages, resolution }: { messages: readonly Message[]; resolution: Resolution }) =>
      decideAll(messages, resolution),
    onSuccess({ decided, overtaken, error }) {
      if (error !== undefined) toast.error(describeFailure(error).message)
      if (overtaken > 0) toast(`${count(overtaken)} had been decided already.`)
      if (decided > 0) toast.success(`${count(decided)} decided.`)
    },
    onSettled: () => queries.invalidateQueries({ queryKey: [unknownMessagesKey] }),
  })
}

async function decideAll(messages: readonly Message[], resolution: Resolution): Promise<Outcome> {
  const { notify } = mainstay()
  const waiting = [...messages]
  const outcome: Outcome = { decided: 0, overtaken: 0, error: undefined }
  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        await notify.resolveMessage({ messageId: next.messageId, resolution })
        outcome.decided++
      } catch (error) {
        if (error instanceof MainstayError && error.reason === 'notify.message_not_unknown')
          outcome.overtaken++
        else {
          outcome.error = error
          waiting.length = 0
        }
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return outcome
}

function count(messages: number): string {
  return messages === 1 ? '1 message' : `${messages} messages`
}
