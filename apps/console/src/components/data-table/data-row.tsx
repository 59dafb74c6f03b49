import { memo, type ReactNode } from 'react'
import { Link } from 'react-router'
import { cx } from '../../class-names.ts'
import type { Column } from './columns.ts'

interface DataRowProps<Row extends object> {
  row: Row
  /** The columns shown. */
  columns: readonly Column<Row>[]
  index: number
  href: string
  linkColumn: string
  /** Set on a phone: the row as two lines. */
  compact: ((row: Row) => { first: ReactNode; aside?: ReactNode; second: ReactNode }) | undefined
  open: boolean
}

function DataRowView<Row extends object>(props: DataRowProps<Row>) {
  const { row, index, href, open } = props
  return (
    <tr
      data-row={index}
      aria-rowindex={index + 2}
      aria-current={open || undefined}
      className={cx(
        'group/row relative h-8 has-[a[data-row-link]:focus-visible]:outline-2 has-[a[data-row-link]:focus-visible]:-outline-offset-2 has-[a[data-row-link]:focus-visible]:outline-focus',
        open ? 'bg-selected' : 'hover:bg-hover',
      )}
    >
      {props.compact ? (
        <CompactCell {...props} compact={props.compact} />
      ) : (
        <Cells row={row} columns={props.columns} href={href} linkColumn={props.linkColumn} />
      )}
    </tr>
  )
}

/** Draws a row again only when its own data or place changed: a live table changes somewhere several times a second. */
export const DataRow = memo(
  DataRowView,
  (before, after) =>
    before.row === after.row &&
    before.index === after.index &&
    before.href === after.href &&
    before.open === after.open &&
    before.compact === after.compact &&
    before.columns === after.columns,
) as typeof DataRowView

function Cells<Row extends object>({
  row,
  columns,
  href,
  linkColumn,
}: Pick<DataRowProps<Row>, 'row' | 'columns' | 'href' | 'linkColumn'>) {
  return columns.map(({ id, align, cell }) => (
    <td
      key={id}
      className={cx(
        'h-8 truncate border-b border-line px-3 first:pl-4 last:pr-4 md:first:pl-6 md:last:pr-6',
        align === 'right' && 'text-right',
      )}
    >
      {id === linkColumn ? <RowLink href={href}>{cell(row)}</RowLink> : cell(row)}
    </td>
  ))
}

function CompactCell<Row extends object>({
  row,
  href,
  compact,
}: DataRowProps<Row> & { compact: NonNullable<DataRowProps<Row>['compact']> }) {
  const { first, aside, second } = compact(row)
  return (
    <td className="h-[60px] border-b border-line px-4">
      <div className="flex items-center gap-3">
        <span className="min-w-0 flex-1 truncate text-base font-medium">
          <RowLink href={href}>{first}</RowLink>
        </span>
        <span className="shrink-0 text-xs text-ink-3">{aside}</span>
      </div>
      <div className="mt-0.5 flex min-w-0 items-center gap-2 truncate text-xs text-ink-2">{second}</div>
    </td>
  )
}

function RowLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link to={href} data-row-link className="stretched outline-none">
      {children}
    </Link>
  )
}
