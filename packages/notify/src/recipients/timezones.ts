import type { Db } from '@mainstay/kernel'

/** The names of time zones that both this program and its database can reckon with. */
export interface Timezones {
  /**
   * The name as it is stored: in its own spelling (`europe/berlin` is `Europe/Berlin`), or the zone that it is an old name of
   * where the database has no old names. Undefined: there is no such time zone.
   */
  find(name: string): Promise<string | undefined>
}

/**
 * A stored name is used in SQL (`AT TIME ZONE`) and in JavaScript, whose lists come from different releases of the IANA
 * database: one that either does not know would fail a whole batch of other people's messages later.
 *
 * The database's list is read once: it reads a thousand files for it.
 */
export function createTimezones(db: Pick<Db, 'query'>): Timezones {
  let names: Promise<ReadonlyMap<string, string>> | undefined
  async function load(): Promise<ReadonlyMap<string, string>> {
    const { rows } = await db.query<{ name: string }>({
      text: `SELECT name FROM pg_timezone_names WHERE name !~ '^(posix|right)/|^(posixrules|localtime|Factory)$'`,
    })
    return new Map(rows.map(({ name }) => [name.toLowerCase(), name]))
  }
  return {
    async find(name) {
      const own = canonicalName(name)
      if (own === undefined) return undefined
      names ??= load().catch((error: unknown) => {
        names = undefined
        throw error
      })
      const known = await names
      return known.get(name.toLowerCase()) ?? known.get(own.toLowerCase())
    },
  }
}

/** JavaScript's name of the zone; undefined for what is none, as for a plain offset such as `+02:00`. */
function canonicalName(name: string): string | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
