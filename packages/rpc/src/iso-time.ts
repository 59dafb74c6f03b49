/** `2026-05-03T10:15:` by minutes since 1970: `toISOString` takes 0.8 µs, and what is written holds many times of few minutes. */
const minutes = new Map<number, string>()
const MAX_MINUTES = 2_000

/** The date and time of a minute since 1970, up to the colon before the seconds. Years 0 to 9999 only. */
export function isoMinute(minute: number): string {
  let text = minutes.get(minute)
  if (text === undefined) {
    text = new Date(minute * 60_000).toISOString().slice(0, 17)
    if (minutes.size >= MAX_MINUTES) minutes.clear()
    minutes.set(minute, text)
  }
  return text
}

/** What `new Date(ms).toISOString()` gives, for times of the present. */
export function isoTime(ms: number): string {
  const minute = Math.floor(ms / 60_000)
  const rest = ms - minute * 60_000
  const second = Math.floor(rest / 1000)
  return `${isoMinute(minute)}${second < 10 ? '0' : ''}${second}.${String(rest - second * 1000).padStart(3, '0')}Z`
}
