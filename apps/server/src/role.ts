/** What a process does: answer calls, deliver and run jobs, or both. */
export const ROLES = ['all', 'api', 'worker'] as const

export type Role = (typeof ROLES)[number]

/** Reads `--role=worker` or `--role worker`. Throws UsageError for anything else. */
export function parseRole(args: readonly string[]): Role {
  const words = args.flatMap((arg) =>
    arg.startsWith('--role=') ? ['--role', arg.slice('--role='.length)] : [arg],
  )
  if (words.length === 0) return 'all'
  const [flag, value, ...rest] = words
  const role = ROLES.find((name) => name === value)
  if (flag !== '--role' || rest.length > 0)
    throw new UsageError(`Unknown argument: ${args.join(' ')}. Only --role is taken.`)
  if (role === undefined) throw new UsageError(`--role is one of ${ROLES.join(', ')}, got "${value ?? ''}".`)
  return role
}

/** The command line makes no sense; its message is for the terminal. */
export class UsageError extends Error {}
