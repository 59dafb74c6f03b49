import { cx } from '../../class-names.ts'
import type { Column } from './columns.ts'

/** The sticky header. On a phone rows have one cell, and its header is for screen readers only. */
export function TableHead<Row extends object>({
  label,
  columns,
  compact,
}: {
  label: string
  columns: readonly Column<Row>[]
  compact: boolean
}) {
  if (compact) {
    return (
      <thead className="sr-only">
        <tr>
          <th scope="col">{label}</th>
        </tr>
      </thead>
    )
  }
  return (
    <thead className="sticky top-0 z-20">
      <tr aria-rowindex={1}>
        {columns.map((column) => (
          <th
            key={column.id}
            scope="col"
            style={{ width: column.width }}
            className={cx(
              'h-8 truncate border-b border-line bg-canvas px-3 text-xs font-medium text-ink-3 first:pl-4 last:pr-4 md:first:pl-6 md:last:pr-6',
              column.align === 'right' ? 'text-right' : 'text-left',
            )}
          >
            {column.title}
          </th>
        ))}
      </tr>
    </thead>
  )
}
