/** Why the embedded PostgreSQL did not start. `problem` is stable for programs; the message is for the terminal. */
export class StartError extends Error {
  readonly problem: StartProblem

  constructor(problem: StartProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StartError'
    this.problem = problem
  }
}

export type StartProblem =
  | 'already_running'
  | 'other_version'
  | 'disk_full'
  | 'port_in_use'
  | 'no_binaries'
  | 'no_os_user'
  | 'no_credentials'
  | 'no_access'
  | 'damaged'
  | 'failed'
