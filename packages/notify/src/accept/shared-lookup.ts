interface Lookup<Key, Found> {
  key: Key
  resolve: (found: Found | undefined) => void
  reject: (error: unknown) => void
}

/**
 * Looks things up for calls that run at once: what is asked while a query is under way shares the next one.
 *
 * @param query answers in the order of the keys; undefined where there is nothing.
 */
export function shareLookups<Key, Found>(
  query: (keys: readonly Key[]) => Promise<readonly (Found | undefined)[]>,
): (key: Key) => Promise<Found | undefined> {
  let waiting: Lookup<Key, Found>[] = []
  let running = false

  async function run(): Promise<void> {
    running = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        const found = await query(batch.map(({ key }) => key))
        for (const [index, { resolve }] of batch.entries()) resolve(found[index])
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    running = false
  }

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject })
      if (!running) void run()
    })
}
