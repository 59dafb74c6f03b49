/** What the callers are asked to do. */
export interface Ask {
  port: number
  clientId: string
  /** base64 */
  masterKey: string
  what: 'signIn' | 'refresh' | 'whoAmI'
  durationMs: number
}

export interface Told {
  perSecond: number
  p50Ms: number
  p99Ms: number
}

/** What the server's process says once it answers calls. */
export interface Ready {
  port: number
  clientId: string
}

/** What it is asked to do itself: check tokens, in its own process, as it does for every call. */
export interface CheckAsk {
  durationMs: number
}

export interface CheckTold {
  checksPerSecond: number
}
