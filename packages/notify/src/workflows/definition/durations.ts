const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const
const FORM = /^(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?$/

/** `15m`, `1h30m`, `2d`, `90s` in milliseconds; undefined: it is written in no such way. */
export function parseDuration(text: string): number | undefined {
  const match = FORM.exec(text)
  if (match === null || text === '') return undefined
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = match
  return (
    Number(days) * UNITS.d + Number(hours) * UNITS.h + Number(minutes) * UNITS.m + Number(seconds) * UNITS.s
  )
}

/** The same the other way, for people: `1 h 30 min`. */
export function tellDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  return (
    parts
      .filter(([count]) => count > 0)
      .map(([count, unit]) => `${count} ${unit}`)
      .join(' ') || '0 s'
  )
}
