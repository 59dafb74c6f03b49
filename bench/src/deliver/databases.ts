import pg from 'pg'

/** Where a contender keeps its jobs for one round. */
export interface Store {
  url: string
  /** Writes out what storing the jobs left behind, so that nobody pays for it while the clock runs. */
  settle(): Promise<void>
  drop(): Promise<void>
}

let made = 0

/** A new database on the server. Everybody gets the same server with the same settings, fsync on. */
export async function createDatabase(serverUrl: string, name: string): Promise<Store> {
  const database = `bench_${name.replaceAll('-', '_')}_${++made}`
  const admin = new pg.Client({ connectionString: serverUrl })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${database}`)
  return {
    url: serverUrl.replace(/\/\w+(\?|$)/, `/${database}$1`),
    async settle() {
      await admin.query('CHECKPOINT')
    },
    async drop() {
      await admin.query(`DROP DATABASE ${database} WITH (FORCE)`)
      await admin.end()
    },
  }
}
