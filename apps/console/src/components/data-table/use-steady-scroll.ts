import { type RefObject, useLayoutEffect, useRef } from 'react'

/**
 * Keeps the rows a reader looks at where they are while new rows come in above. At the very top nothing is held, so
 * that the newest row is always in sight there. The browser’s own scroll anchoring must be off: both would move twice.
 */
export function useSteadyScroll<Row extends object>(
  scroller: RefObject<HTMLDivElement | null>,
  rows: readonly Row[],
  rowId: (row: Row) => string,
  rowHeight: number,
): void {
  const anchor = useRef<{ id: string; index: number } | undefined>(undefined)

  useLayoutEffect(() => {
    const node = scroller.current
    const held = anchor.current
    if (!node || !held || node.scrollTop < rowHeight) return
    const index = indexNear(rows, rowId, held)
    if (index >= 0 && index !== held.index) node.scrollTop += (index - held.index) * rowHeight
  }, [rows, rowId, rowHeight, scroller])

  useLayoutEffect(() => {
    const node = scroller.current
    if (!node) return
    function remember(): void {
      if (!node) return
      const index = Math.floor(node.scrollTop / rowHeight)
      const row = rows[index]
      anchor.current = row && { id: rowId(row), index }
    }
    remember()
    node.addEventListener('scroll', remember, { passive: true })
    return () => node.removeEventListener('scroll', remember)
  }, [rows, rowId, rowHeight, scroller])
}

/** Rows come in above, so the held row is at its old place or somewhat below it. */
function indexNear<Row>(
  rows: readonly Row[],
  rowId: (row: Row) => string,
  held: { id: string; index: number },
): number {
  for (let distance = 0; distance < 5_000; distance++) {
    const below = rows[held.index + distance]
    if (below && rowId(below) === held.id) return held.index + distance
    const above = rows[held.index - distance]
    if (above && rowId(above) === held.id) return held.index - distance
  }
  return -1
}
