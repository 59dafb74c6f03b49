import { MainstayError } from '@mainstay/sdk'

/** A failure as the operator reads it: what happened, what to do, and what to quote when asking for help. */
export interface Failure {
  title: string
  message: string
  reason: string | undefined
  requestId: string | undefined
  docs: string | undefined
  /** Whether the same request may succeed when it is made again. */
  canRetry: boolean
}

const titles: Partial<Record<MainstayError['code'], string>> = {
  unavailable: 'The server cannot be reached',
  deadline_exceeded: 'The server took too long',
  permission_denied: 'You may not see this',
  unauthenticated: 'You are signed out',
  not_found: 'Not found',
  resource_exhausted: 'Too many requests',
  failed_precondition: 'Not possible right now',
  invalid_argument: 'The request was refused',
  already_exists: 'It already exists',
  unimplemented: 'This server cannot do that yet',
}

/** Where the reason says more than its code. */
const titlesByReason: Record<string, string> = {
  'access.sign_in_link_invalid': 'This link does not work any more',
}

/** Puts any thrown value into words. */
export function describeFailure(error: unknown): Failure {
  if (!(error instanceof MainstayError)) {
    return {
      title: 'The console hit a problem',
      message: 'This is a fault in the console itself. Reload the page; if it comes back, report it.',
      reason: undefined,
      requestId: undefined,
      docs: undefined,
      canRetry: true,
    }
  }
  return {
    title: titlesByReason[error.reason] ?? titleOf(error) ?? 'The server failed',
    message: messageOf(error),
    reason: error.reason.startsWith('sdk.') ? undefined : error.reason,
    requestId: error.requestId,
    docs: error.docs,
    canRetry: !['not_found', 'permission_denied', 'invalid_argument', 'unimplemented'].includes(error.code),
  }
}

function titleOf(error: MainstayError): string | undefined {
  return error.code === 'unavailable' && error.status > 0 ? 'The server is not ready' : titles[error.code]
}

function messageOf(error: MainstayError): string {
  if (error.reason === 'sdk.network') {
    return 'It may have stopped, or your connection dropped. Check that Mainstay is running, then try again.'
  }
  if (error.reason === 'sdk.timeout') return 'No answer came in 30 seconds. Try again in a moment.'
  if (error.reason === 'sdk.bad_response') {
    return `Something between here and Mainstay answered ${error.status}. Check the proxy in front of it, then try again.`
  }
  return error.message
}
