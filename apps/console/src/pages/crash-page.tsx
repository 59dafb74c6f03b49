import { useRouteError } from 'react-router'
import { FailureState } from '../components/failure/failure-state.tsx'

/** Shown instead of a page that threw, or whose code could not be loaded because a newer version was installed. */
export function CrashPage() {
  return <FailureState error={useRouteError()} onRetry={() => window.location.reload()} />
}
