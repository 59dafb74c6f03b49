/** Something that accepts jobs durably, started and ready. */
export interface Contender {
  name: string
  /** Accepts as many as it can for so long. Throws when one is refused. */
  acceptFor(durationMs: number): Promise<{ perSecond: number; p50Ms?: number; p99Ms?: number }>
  /** Stops it. Throws unless exactly what it accepted is stored. */
  finish(): Promise<void>
  /** Stops it, whatever has become of it. */
  stop(): Promise<void>
}
