/** The spans of Home. Points start on whole spans, so that the chart moves in steps and does not swim. */
export const ranges = {
  '1h': { label: '1h', spanMs: 60_000, points: 60, title: 'Messages a minute', refreshMs: 2_000 },
  '24h': { label: '24h', spanMs: 900_000, points: 96, title: 'Messages per 15 minutes', refreshMs: 10_000 },
  '7d': { label: '7d', spanMs: 3_600_000, points: 168, title: 'Messages an hour', refreshMs: 30_000 },
} as const

export type RangeName = keyof typeof ranges

export function readRange(text: string | null): RangeName {
  return text === '24h' || text === '7d' ? text : '1h'
}

/** From the start of the first whole span to the end of the one under way. */
export function windowOf(
  range: RangeName,
  nowMs: number,
): { startMs: number; endMs: number; points: number } {
  const { spanMs, points } = ranges[range]
  const endMs = Math.ceil((nowMs + 1) / spanMs) * spanMs
  return { startMs: endMs - (points + 1) * spanMs, endMs, points: points + 1 }
}
