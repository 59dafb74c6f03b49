import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useLocation, useNavigate } from 'react-router'
import { mainstay } from '../../api/mainstay.ts'
import { callerKey } from '../../api/query-client.ts'
import { CopyButton } from '../../components/copy/copy-button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { useTitle } from '../../components/page/page.tsx'
import { Loading } from '../../components/skeleton/skeleton.tsx'
import { Logo } from '../../frame/logo.tsx'

const command = 'npm run mainstay -- sign-in-link'

/** Exchanges the one-time token of the address for a session and goes on; without one it says where to get one. */
export function Component() {
  const location = useLocation()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const exchanged = useRef(false)
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  const state = (location.state ?? {}) as { next?: string; signedOut?: boolean }
  const signIn = useMutation({
    mutationFn: (linkToken: string) => mainstay().access.createSession({ token: linkToken }),
    async onSuccess() {
      queries.removeQueries({ queryKey: callerKey })
      await navigate(state.next ?? '/', { replace: true })
    },
  })
  const { mutate } = signIn
  useTitle('Sign in')

  useEffect(() => {
    if (!token || exchanged.current) return
    // The token works once, and effects may run twice.
    exchanged.current = true
    // The token leaves the address and the history before anything else happens.
    window.history.replaceState(window.history.state, '', '/sign-in')
    mutate(token)
  }, [token, mutate])

  const isWaiting = (token !== null && !signIn.isError) || signIn.isPending
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-[460px] flex-col justify-center gap-5 px-6 pb-[12vh]">
      <div className="flex items-center gap-2.5">
        <Logo />
        <span className="text-lg font-semibold tracking-[-0.01em]">Mainstay</span>
      </div>
      {isWaiting ? (
        <p className="text-base text-ink-2">
          Signing you in
          <Loading what="your session" />
        </p>
      ) : (
        <>
          <div>
            <h1 className="text-xl font-semibold tracking-[-0.01em]">
              {state.signedOut ? 'You are signed out' : 'Sign in'}
            </h1>
            <p className="mt-1.5 text-base text-ink-2">
              Open the sign-in link that Mainstay printed when it started, or ask for a new one. A link works
              once and for a short time.
            </p>
          </div>
          {signIn.error && <FailureNote error={signIn.error} />}
          <div className="flex flex-col gap-1.5">
            <p className="text-sm text-ink-2">For a new link, run this on the server, in its folder:</p>
            <div className="flex items-center gap-2 rounded-lg border border-line bg-sunken py-1.5 pr-1.5 pl-4">
              <code className="min-w-0 flex-1 tabular text-xs break-words text-ink sm:text-sm">
                {command}
              </code>
              <CopyButton text={command} />
            </div>
          </div>
        </>
      )}
    </main>
  )
}
