import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useMemo, useRef } from 'react'
import { useNavigate } from 'react-router'
import { useCompact } from '../../screen/use-compact.ts'
import { ScrollRegion } from '../scroll-region/scroll-region.tsx'
import { Loading } from '../skeleton/skeleton.tsx'
import type { Column } from './columns.ts'
import { DataRow } from './data-row.tsx'
import { SkeletonRows } from './skeleton-rows.tsx'
import { TableHead } from './table-head.tsx'
import type { ColumnChoice } from './use-column-choice.ts'
import { useFittingColumns } from './use-fitting-columns.ts'
import { useRowKeys } from './use-row-keys.ts'
import { useSteadyScroll } from './use-steady-scroll.ts'

export const rowHeight = 32
const compactRowHeight = 60
const headHeight = 32

export interface DataTableProps<Row extends object> {
  /** Its name for screen readers, for example `Messages`. */
  label: string
  rows: readonly Row[]
  /** `loading` shows skeletons; everything else is the caller's to show instead of the table. */
  status: 'loading' | 'ready'
  columns: Column<Row>[]
  choice: ColumnChoice
  rowId: (row: Row) => string
  /** Where a row leads. It keeps the page's filters. */
  rowHref: (row: Row) => string
  /** The column whose cell is the row's link. */
  linkColumn: string
  /** The row as two lines, for a phone. The first line is the row's link. */
  compact: (row: Row) => { first: ReactNode; aside?: ReactNode; second: ReactNode }
  openId?: string | undefined
  onClose?: () => void
  hasMore: boolean
  onEndReached: () => void
  /** Below the last row: what is loading, or what went wrong while loading more. */
  foot?: ReactNode
}

/**
 * A table of any length: only the rows in sight are in the document. A row is one link, so it opens in a new tab, has
 * focus, and answers Enter like every link; `j`, `k` and the arrows walk the rows.
 */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { rows, columns, choice, rowId, rowHref, openId, hasMore, onEndReached } = props
  const navigate = useNavigate()
  const isCompact = useCompact()
  const scroller = useRef<HTMLDivElement>(null)
  const height = isCompact ? compactRowHeight : rowHeight
  const head = isCompact ? 0 : headHeight

  const virtualizer = useVirtualizer<HTMLDivElement, HTMLElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    scrollPaddingStart: head,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height means other measurements
  useEffect(() => virtualizer.measure(), [virtualizer, height])
  useSteadyScroll(scroller, rows, rowId, height)

  const items = virtualizer.getVirtualItems()
  const start = items[0]?.index ?? 0
  const end = (items.at(-1)?.index ?? -1) + 1
  const visibility = useFittingColumns(scroller, columns, choice.visibility)
  const shown = useMemo(() => columns.filter((column) => visibility[column.id]), [columns, visibility])

  useEffect(() => {
    if (hasMore && rows.length > 0 && end >= rows.length - 30) onEndReached()
  }, [hasMore, end, rows.length, onEndReached])

  useRowKeys({
    scroller,
    virtualizer,
    count: rows.length,
    openIndex: openId === undefined ? -1 : rows.findIndex((row) => rowId(row) === openId),
    onOpen: (index) => {
      const row = rows[index]
      if (row) void navigate(rowHref(row), { replace: true })
    },
    onClose: props.onClose,
  })

  const before = start * height
  const after = (rows.length - end) * height
  return (
    <ScrollRegion
      ref={scroller}
      label={`${props.label}, scrollable`}
      className="h-full overflow-auto [contain:strict] [overflow-anchor:none]"
    >
      {props.status === 'loading' && <Loading what={props.label.toLowerCase()} />}
      <table
        aria-label={props.label}
        aria-rowcount={hasMore || props.status === 'loading' ? -1 : rows.length + 1}
        className="w-full table-fixed border-separate border-spacing-0 text-sm"
      >
        <TableHead label={props.label} columns={shown} compact={isCompact} />
        <tbody>
          {before > 0 && <Spacer height={before} columns={isCompact ? 1 : shown.length} />}
          {rows.slice(start, end).map((row, offset) => (
            <DataRow
              key={rowId(row)}
              columns={shown}
              row={row}
              index={start + offset}
              href={rowHref(row)}
              linkColumn={props.linkColumn}
              compact={isCompact ? props.compact : undefined}
              open={rowId(row) === openId}
            />
          ))}
          {after > 0 && <Spacer height={after} columns={isCompact ? 1 : shown.length} />}
          {props.status === 'loading' && <SkeletonRows columns={shown.length} compact={isCompact} />}
        </tbody>
      </table>
      {props.foot}
    </ScrollRegion>
  )
}

/** Stands for the rows that are not in the document. */
function Spacer({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden>
      <td colSpan={columns} style={{ height }} className="p-0" />
    </tr>
  )
}
