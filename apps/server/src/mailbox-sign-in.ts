import type { Access } from '@mainstay/access'
import { AppError, newTrace } from '@mainstay/kernel'
import { type CallContext, nobody } from '@mainstay/rpc'

/**
 * Signs a mail program in to the sandbox mailbox's port: the password is an API key that may send, and the mail goes to
 * its project's mailbox. Anything else is nobody.
 */
export function createMailboxSignIn(
  access: Pick<Access, 'ports'>,
): (password: string) => Promise<string | undefined> {
  return async (password) => {
    try {
      const caller = await access.ports.authenticate(contextOf(password))
      const maySend = ['*', 'notify:*', 'notify:send'].some((scope) => caller.scopes.has(scope))
      return maySend ? caller.projectId : undefined
    } catch (error) {
      if (error instanceof AppError && error.code === 'unauthenticated') return undefined
      throw error
    }
  }
}

/** What authentication looks at, and nothing more: a mail program makes no call. */
function contextOf(password: string): CallContext {
  return {
    caller: nobody,
    projectId: '',
    trace: newTrace(),
    requestId: '',
    signal: new AbortController().signal,
    method: 'smtp',
    protocol: 'rest',
    clientAddress: '127.0.0.1',
    deadlineMs: Number.POSITIVE_INFINITY,
    header: (name) => (name === 'authorization' ? `Bearer ${password}` : undefined),
    setHeader() {},
  }
}
