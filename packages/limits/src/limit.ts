/** How often something may be done. */
export interface Limit {
  /** Unique and stable: it stands in keys, headers and metrics. `otp_per_address`. */
  name: string
  /**
   * `gcra`: evenly, with bursts (the generic cell rate algorithm, ITU-T I.371): `count` in `periodMs`, of which `burst` at once.
   * `window`: `count` in a window of `periodMs` that begins with the first.
   */
  algorithm: 'gcra' | 'window'
  /** At least 1. */
  count: number
  periodMs: number
  /** Of `gcra`: most at once. Default: `count`. */
  burst?: number
  /** `shadow` counts what it would have refused and refuses nothing. Default `enforce`. */
  mode?: 'enforce' | 'shadow'
  /**
   * What holds while the engine cannot be asked. `closed`: nothing is let through. `open`: everything, and it is counted.
   * `local`: this process counts for itself, with a share of the limit. Default `local`.
   */
  onFailure?: 'closed' | 'open' | 'local'
}

/** One taking from one limit. */
export interface Take {
  limit: Limit
  /** Whose: parts of any kind, which are never confused with one another. */
  key: readonly (string | number)[]
  /** How much is taken. Default 1. */
  cost?: number
}

/** What one limit says. */
export interface Verdict {
  limit: Limit
  allowed: boolean
  /** How much could be taken right after. */
  remaining: number
  /** When all of it can be taken again, from now. */
  resetMs: number
  /** When this could have been taken; 0 when it was, `Infinity` when it never can be: it costs more than there ever is. */
  retryAfterMs: number
}

/** What all of them say together. */
export interface Decision {
  /** Everything was taken; otherwise nothing was. */
  allowed: boolean
  /** The limit that refused, the one with the longest wait. */
  decidedBy: Verdict | undefined
  /** In the order asked. */
  verdicts: readonly Verdict[]
  /** Limits in shadow mode that would have refused. */
  shadowed: readonly Verdict[]
  /** Nothing could be asked, and the limits' failure modes decided. */
  degraded: boolean
}
