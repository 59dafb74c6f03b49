import { MainstayError } from '@mainstay/sdk'

/** What the shell sees. 2 is also what a mistyped command exits with. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3, unauthenticated: 4, notFound: 5 } as const

/** Ends a command with a sentence and an exit code. */
export class CommandError extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode: number) {
    super(message)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

/** Turns a failure of a call to `url` into what is printed on standard error and the exit code. */
export function describeFailure(
  error: unknown,
  { json, url }: { json: boolean; url: () => string },
): { text: string; exitCode: number } {
  if (error instanceof CommandError) {
    return {
      text: json ? JSON.stringify({ error: { message: error.message } }) : error.message,
      exitCode: error.exitCode,
    }
  }
  if (!(error instanceof MainstayError)) throw error
  const { code, reason, message, violations, requestId, docs } = error
  if (json) {
    const body = { error: { code, reason, message, details: violations, requestId, docs } }
    return { text: JSON.stringify(body), exitCode: exitCodeOf(error) }
  }
  if (reason === 'sdk.network') {
    const text = `${url()} could not be reached. Is the server running there? --url names another. (${reason})`
    return { text, exitCode: EXIT.unreachable }
  }
  const lines = [`${message} (${reason})`]
  // The message tells of the first one.
  for (const { field, description } of violations)
    if (!message.includes(description)) lines.push(`  ${field}: ${description}`)
  if (docs) lines.push(`  see ${new URL(docs, url())}`)
  if (requestId) lines.push(`  request ${requestId}`)
  return { text: lines.join('\n'), exitCode: exitCodeOf(error) }
}

function exitCodeOf(error: MainstayError): number {
  if (error.status === 0) return EXIT.unreachable
  if (error.code === 'unauthenticated' || error.code === 'permission_denied') return EXIT.unauthenticated
  if (error.code === 'not_found') return EXIT.notFound
  return EXIT.refused
}
