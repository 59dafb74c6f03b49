import { type RefObject, useEffect, useMemo, useState } from 'react'
import type { Column, Visibility } from './columns.ts'

/** The reader's choice of columns less those that the table has no room for right now. */
export function useFittingColumns<Row extends object>(
  scroller: RefObject<HTMLDivElement | null>,
  columns: Column<Row>[],
  chosen: Visibility,
): Visibility {
  const steps = useMemo(
    () => [...new Set(columns.flatMap((column) => column.fromPx ?? []))].sort((a, b) => a - b),
    [columns],
  )
  const [room, setRoom] = useState(Number.POSITIVE_INFINITY)

  useEffect(() => {
    const node = scroller.current
    if (!node) return
    const observer = new ResizeObserver(([entry]) => {
      const width = entry?.contentRect.width ?? 0
      // Only crossing a step is news: dragging a window's edge must not draw the table at every pixel.
      setRoom(steps.findLast((step) => step <= width) ?? 0)
    })
    observer.observe(node)
    return () => observer.disconnect()
  }, [scroller, steps])

  return useMemo(
    () =>
      Object.fromEntries(
        columns.map((column) => {
          return [column.id, chosen[column.id] !== false && (column.fromPx ?? 0) <= room]
        }),
      ),
    [columns, chosen, room],
  )
}
