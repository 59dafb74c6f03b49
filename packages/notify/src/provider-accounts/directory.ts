import type { ProviderClient, ProviderSemantics } from '../providers/adapter.ts'

/** A provider account as routing sees it: no configuration, no credentials. */
export interface ProviderCandidate {
  /** uuid */
  providerAccountId: string
  displayName: string
  kind: string
  /** Where mail comes from, `Acme <hello@acme.example>`. */
  sender: string
  /** Lower is tried first. */
  priority: number
  /** How many sends its client carries at once in this process: an SMTP pool's connections; hundreds over HTTP. */
  concurrency: number
  semantics: ProviderSemantics
}

/** Finds provider accounts and holds the open lines to them. One per process. */
export interface ProviderDirectory {
  /**
   * The enabled accounts that may carry a project's live or test messages, by priority, then age. Cached; a change
   * is seen in every process within a second.
   */
  candidates(projectId: string, live: boolean, channel: 'email'): Promise<readonly ProviderCandidate[]>
  /**
   * The open line to an account, made at first use and shared by all sends of this process; replaced when the
   * account changes. Throws `notify.provider_account_not_found`.
   */
  clientFor(projectId: string, providerAccountId: string): Promise<ProviderClient>
  /** Makes the accounts every project has: the sandbox; and for the default project the SMTP account of the settings. */
  ensureDefaults(projectId: string): Promise<void>
  /** Closes every line and the sandbox mailbox. */
  close(): Promise<void>
}
