import { StartError } from '@mainstay/kernel'

/** Waits until a server listens; a port in use becomes a sentence that says what to do. */
export async function listening(
  what: string,
  variable: string,
  port: number,
  listen: () => Promise<unknown>,
) {
  try {
    await listen()
  } catch (error) {
    const { code } = (
      error instanceof Error && error.cause instanceof Error ? error.cause : error
    ) as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      const message = `${what} cannot listen on port ${port}: another program does. Stop it, or set ${variable} to another port.`
      throw new StartError('port_in_use', message, { cause: error })
    }
    if (code === 'EACCES') {
      throw new StartError(
        'no_access',
        `${what} may not listen on port ${port}. Set ${variable} to a port from 1024 on.`,
        {
          cause: error,
        },
      )
    }
    throw error
  }
}
