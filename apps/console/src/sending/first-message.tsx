import { Mode } from '@mainstay/proto/access/v1'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Send } from 'lucide-react'
import { mainstay } from '../api/mainstay.ts'
import { Button } from '../components/button/button.tsx'
import { FailureNote } from '../components/failure/failure-note.tsx'
import { Snippet } from '../components/snippet/snippet.tsx'
import { useFrameActions } from '../frame/frame-actions.ts'
import { sendSnippets } from './send-snippets.ts'

/** Shown where messages will be: how to send the first one, by hand or with one press. */
export function FirstMessage({ title = 'No messages yet' }: { title?: string }) {
  const { openSendTest } = useFrameActions()
  const queries = useQueryClient()
  const createKey = useMutation({
    mutationFn: () =>
      mainstay().access.createApiKey({
        apiKey: { displayName: 'First steps', mode: Mode.TEST, scopes: ['notify:send', 'notify:read'] },
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['api-keys'] }),
  })
  const secret = createKey.data?.secret
  return (
    <div className="mx-auto flex w-full max-w-[680px] flex-col gap-4 px-4 py-10 md:py-14">
      <div>
        <h2 className="text-lg font-semibold">{title}</h2>
        <p className="mt-1 text-base text-ink-2">
          A program with an API key sends a notification; it is stored, sent once, and shown here from the
          first moment to the last.
        </p>
      </div>
      <Snippet label="Send the first message" tabs={sendSnippets(window.location.origin, secret)} />
      {createKey.error && <FailureNote error={createKey.error} />}
      <div className="flex flex-wrap items-center gap-2">
        <Button kind="primary" onClick={openSendTest}>
          <Send aria-hidden />
          Send a test
        </Button>
        {secret ? (
          <p role="status" className="text-sm text-ink-2">
            The snippet holds a new test key. It is shown only now.
          </p>
        ) : (
          <Button onClick={() => createKey.mutate()} busy={createKey.isPending}>
            <KeyRound aria-hidden />
            Put a test key into the snippet
          </Button>
        )}
      </div>
    </div>
  )
}
