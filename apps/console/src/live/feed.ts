/** Where a live list gets its rows from. Rows are newest first; ids grow with time. */
export interface FeedSource<Row> {
  loadPage(pageToken: string, signal: AbortSignal): Promise<{ rows: Row[]; nextPageToken: string }>
  /** Yields changes as they happen; a change without a row says only that the stream is alive. */
  watch(signal: AbortSignal): AsyncIterable<{ row?: Row | undefined }>
  id(row: Row): string
  /** Grows with every change of a row: what arrives late never overwrites what is newer. */
  revision(row: Row): number
  /** Whether the row, as it is now, belongs in this list. */
  belongs(row: Row): boolean
  /** Whether watching was refused in a way that trying again cannot mend: a session that has ended. Default: never. */
  isRefusal?(error: unknown): boolean
}

export type Connection = 'connecting' | 'live' | 'broken'

/** What a page draws. A new object for each change; rows that did not change keep their identity. */
export interface FeedView<Row> {
  status: 'loading' | 'ready' | 'failed'
  rows: readonly Row[]
  error: unknown
  connection: Connection
  paused: boolean
  /** How many rows changed or came in while paused. */
  waiting: number
  hasMore: boolean
  loadingMore: boolean
  moreError: unknown
}

/** Changes are drawn together this often: a burst of thousands a second is a handful of draws. */
const flushMs = 150
/** More than this many held changes are cheaper to read again than to merge. */
const maxHeld = 5_000
const reconnectMs = [500, 1_000, 2_000, 5_000]

/**
 * A list that pages backwards in time and stays live at its head.
 *
 * The watch starts before the first page is read, so nothing falls between the two; both are merged by id and
 * revision. Pausing holds changes back and counts them; when too many are held, resuming reads the first page again
 * instead. A broken watch is opened again by itself, and the first page is read again, since changes were missed.
 */
export class Feed<Row> {
  #source: FeedSource<Row>
  #view: FeedView<Row> = {
    status: 'loading',
    rows: [],
    error: undefined,
    connection: 'connecting',
    paused: false,
    waiting: 0,
    hasMore: false,
    loadingMore: false,
    moreError: undefined,
  }
  #held = new Map<string, Row>()
  #overflowed = false
  #nextPageToken = ''
  #listeners = new Set<() => void>()
  #stop = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(source: FeedSource<Row>) {
    this.#source = source
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  view = (): FeedView<Row> => this.#view

  /** Opens the watch and reads the first page. Answers with what stops both. */
  start = (): (() => void) => {
    this.#stop = new AbortController()
    const { signal } = this.#stop
    void this.#watch(signal)
    void this.#loadFirst(signal)
    return () => {
      this.#stop.abort()
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  /** Reads everything again, after a failure. */
  retry = (): void => {
    this.#show({ status: 'loading', error: undefined })
    void this.#loadFirst(this.#stop.signal)
  }

  pause = (): void => this.#show({ paused: true })

  resume = (): void => {
    this.#show({ paused: false })
    if (this.#overflowed) {
      this.#held.clear()
      this.#overflowed = false
      this.#show({ waiting: 0 })
      void this.#loadFirst(this.#stop.signal)
    } else this.#flush()
  }

  /** Reads the next older page, unless that is already under way. After a failure only `evenAfterFailure` tries. */
  loadMore = async (evenAfterFailure = false): Promise<void> => {
    const { hasMore, loadingMore, moreError, status } = this.#view
    if (status !== 'ready' || !hasMore || loadingMore || (moreError && !evenAfterFailure)) return
    const { signal } = this.#stop
    const token = this.#nextPageToken
    this.#show({ loadingMore: true, moreError: undefined })
    try {
      const page = await this.#source.loadPage(token, signal)
      if (signal.aborted || token !== this.#nextPageToken) return
      const known = new Set(this.#view.rows.slice(-page.rows.length).map(this.#source.id))
      const older = page.rows.filter((row) => this.#source.belongs(row) && !known.has(this.#source.id(row)))
      this.#nextPageToken = page.nextPageToken
      this.#show({
        rows: older.length > 0 ? this.#view.rows.concat(older) : this.#view.rows,
        hasMore: page.nextPageToken !== '',
        loadingMore: false,
      })
    } catch (error) {
      if (!signal.aborted) this.#show({ loadingMore: false, moreError: error })
    }
  }

  async #loadFirst(signal: AbortSignal, isRefresh = false): Promise<void> {
    try {
      const page = await this.#source.loadPage('', signal)
      if (signal.aborted) return
      if (isRefresh && this.#overlaps(page.rows)) {
        // The reader may be deep in older pages: what was missed goes in above, and they stay where they are.
        for (const row of page.rows) this.#receive(row)
        this.#show({ error: undefined })
        return
      }
      this.#nextPageToken = page.nextPageToken
      this.#show({
        status: 'ready',
        rows: page.rows.filter(this.#source.belongs),
        hasMore: page.nextPageToken !== '',
        error: undefined,
        moreError: undefined,
        loadingMore: false,
      })
      if (!this.#view.paused) this.#flush()
    } catch (error) {
      if (signal.aborted) return
      // A list that is already there stays: old rows with a broken connection beat no rows.
      if (this.#view.status === 'ready') this.#show({ connection: 'broken' })
      else this.#show({ status: 'failed', error })
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        for await (const change of this.#source.watch(signal)) {
          failures = 0
          if (this.#view.connection !== 'live') this.#show({ connection: 'live' })
          if (change.row !== undefined) this.#receive(change.row)
        }
      } catch (error) {
        if (this.#source.isRefusal?.(error) === true) return this.#show({ connection: 'broken' })
        // Else shown as `broken` below; what matters to the reader is that it is tried again, and when it works again.
      }
      if (signal.aborted) return
      this.#show({ connection: 'broken' })
      const waitMs = reconnectMs[Math.min(failures, reconnectMs.length - 1)] ?? 5_000
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      if (!signal.aborted && this.#view.status === 'ready' && !this.#view.paused)
        void this.#loadFirst(signal, true)
    }
  }

  /** Whether a first page reaches down to the rows that are here, so that nothing lies between. */
  #overlaps(page: readonly Row[]): boolean {
    const newest = this.#view.rows[0]
    const last = page.at(-1)
    return newest !== undefined && last !== undefined && this.#source.id(last) <= this.#source.id(newest)
  }

  #receive(row: Row): void {
    const id = this.#source.id(row)
    const held = this.#held.get(id)
    if (held !== undefined && this.#source.revision(held) > this.#source.revision(row)) return
    if (this.#view.paused && this.#held.size >= maxHeld && held === undefined) this.#overflowed = true
    else this.#held.set(id, row)
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      if (this.#view.paused) this.#show({ waiting: this.#countWaiting() })
      else if (this.#view.status === 'ready') this.#flush()
    }, flushMs)
  }

  #countWaiting(): number {
    let count = 0
    for (const row of this.#held.values()) if (this.#source.belongs(row)) count++
    return count
  }

  #flush(): void {
    if (this.#held.size === 0) return
    const changed = this.#held
    this.#held = new Map()
    const rows = mergeChanges(this.#view.rows, changed, this.#source, this.#view.hasMore)
    this.#show({ rows, waiting: 0 })
  }

  #show(change: Partial<FeedView<Row>>): void {
    this.#view = { ...this.#view, ...change }
    for (const listener of this.#listeners) listener()
  }
}

/**
 * Puts changes into rows that are newest first. What is older than the last row read is left for its own page.
 *
 * The rows are in order of their ids, so a change finds its place by halving: with 100,000 rows on screen and a change
 * a millisecond, looking at every row at every draw is what would make the page stutter.
 */
export function mergeChanges<Row>(
  rows: readonly Row[],
  changed: ReadonlyMap<string, Row>,
  source: Pick<FeedSource<Row>, 'id' | 'revision' | 'belongs'>,
  hasMore: boolean,
): readonly Row[] {
  const next = rows.slice()
  const fresh: Row[] = []
  const leaving = new Set<number>()
  for (const [id, change] of changed) {
    const index = placeOf(id, rows, source.id)
    const shown = rows[index]
    if (shown === undefined || source.id(shown) !== id) {
      const isBelowLastRead = index === rows.length && rows.length > 0 && hasMore
      if (source.belongs(change) && !isBelowLastRead) fresh.push(change)
    } else if (source.revision(change) >= source.revision(shown)) {
      if (source.belongs(change)) next[index] = change
      else leaving.add(index)
    }
  }
  const kept = leaving.size > 0 ? next.filter((_, index) => !leaving.has(index)) : next
  if (fresh.length === 0) return kept
  fresh.sort((a, b) => (source.id(a) < source.id(b) ? 1 : -1))
  return interleave(fresh, kept, source.id)
}

/** Where a row with this id is, or would be: the first index whose id is not newer. */
function placeOf<Row>(id: string, rows: readonly Row[], idOf: (row: Row) => string): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (idOf(rows[middle] as Row) > id) low = middle + 1
    else high = middle
  }
  return low
}

/** Merges two lists that are both newest first. Fresh rows nearly always all come before the first kept one. */
function interleave<Row>(fresh: Row[], kept: Row[], id: (row: Row) => string): Row[] {
  const merged: Row[] = []
  let at = 0
  for (const row of fresh) {
    while (at < kept.length && id(kept[at] as Row) > id(row)) merged.push(kept[at++] as Row)
    merged.push(row)
  }
  return merged.concat(at === 0 ? kept : kept.slice(at))
}
