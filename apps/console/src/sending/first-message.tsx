import { Mode } from '@mainstay/proto/access/v1'
import { Channel } from '@mainstay/proto/notify/v1'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Send } from 'lucide-react'
import { mainstay } from '../api/mainstay.ts'
import { Button, ButtonLink } from '../components/button/button.tsx'
import { FailureNote } from '../components/failure/failure-note.tsx'
import { Snippet } from '../components/snippet/snippet.tsx'
import { useFrameActions } from '../frame/frame-actions.ts'
import { mode } from '../session/mode.ts'
import { sendSnippets } from './send-snippets.ts'

/** Shown where messages will be: how to send the first one, by hand or with one press. */
export function FirstMessage({ title, channel = Channel.EMAIL }: { title?: string; channel?: Channel }) {
  const isLive = mode.use() === 'live'
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
        <h2 className="text-lg font-semibold">
          {title ?? (isLive ? 'No live messages yet' : 'No test messages yet')}
        </h2>
        <p className="mt-1 text-base text-ink-2">
          {isLive
            ? 'A program with a live API key sends a notification; it is stored, handed to a live provider once, and shown here from the first moment to the last.'
            : 'A program with a test API key sends a notification; it is stored, sent once into the sandbox, and shown here from the first moment to the last.'}
        </p>
      </div>
      <Snippet label="Send the first message" tabs={sendSnippets(window.location.origin, secret, channel)} />
      {createKey.error && <FailureNote error={createKey.error} />}
      <div className="flex flex-wrap items-center gap-2">
        {isLive && (
          <ButtonLink kind="primary" to="/api-keys?create=1">
            <KeyRound aria-hidden />
            Create a live key
          </ButtonLink>
        )}
        <Button {...(isLive ? {} : { kind: 'primary' })} onClick={() => openSendTest(channel)}>
          <Send aria-hidden />
          Send a test
        </Button>
        {isLive ? null : secret ? (
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
