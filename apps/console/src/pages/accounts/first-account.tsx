import { useScope } from '../../api/mainstay.ts'
import { ButtonLink } from '../../components/button/button.tsx'
import { Snippet } from '../../components/snippet/snippet.tsx'
import { signInSnippets } from '../apps/app-snippets.ts'
import { useApps } from '../apps/use-apps.ts'

/** Shown where accounts will be: how the first one signs in, with the reader's own app. */
export function FirstAccount() {
  const [, modeName] = useScope()
  const apps = useApps()
  const app = apps.data?.find(({ disabled }) => !disabled)
  return (
    <div className="mx-auto flex w-full max-w-[680px] flex-col gap-4 px-4 py-10 md:py-14">
      <div>
        <h2 className="text-lg font-semibold">No {modeName} accounts yet</h2>
        <p className="mt-1 text-base text-ink-2">
          {app
            ? `An account is made when somebody signs in to an app for the first time. This signs in to ${app.displayName}.`
            : 'An account is made when somebody signs in to an app for the first time. Create an app first: it says of what kind its people are.'}
        </p>
      </div>
      {app ? (
        <Snippet label="Sign in" tabs={signInSnippets(window.location.origin, app.clientId)} />
      ) : (
        <ButtonLink kind="primary" className="self-start" to="/apps?create=1">
          Create app
        </ButtonLink>
      )}
    </div>
  )
}
