import { type ReactNode, useRef } from 'react'
import { Link } from 'react-router'
import { cx } from '../../class-names.ts'
import { useNarrow } from '../../screen/use-narrow.ts'
import { SkeletonRows } from '../data-table/skeleton-rows.tsx'
import { Loading } from '../skeleton/skeleton.tsx'

/** A column of a short table. */
export interface ListColumn<Row> {
  title: string
  width?: string
  align?: 'left' | 'right'
  /** The header is for screen readers only: the cells say what they are. */
  untitled?: boolean
  cell: (row: Row) => ReactNode
}

/** A table of a few dozen rows that scrolls with its page. Where it has little room its rows are two lines. */
export function ListTable<Row>({
  label,
  columns,
  rows,
  rowId,
  rowHref,
  openId,
  dim,
  compact,
}: {
  label: string
  columns: readonly ListColumn<Row>[]
  /** Undefined while loading. */
  rows: readonly Row[] | undefined
  rowId: (row: Row) => string
  /** Where a row leads; its first cell is the link. */
  rowHref?: (row: Row) => string
  openId?: string | undefined
  /** Rows that no longer count. */
  dim?: (row: Row) => boolean
  compact: (row: Row) => { first: ReactNode; aside?: ReactNode; second: ReactNode; actions?: ReactNode }
}) {
  const box = useRef<HTMLDivElement>(null)
  const isNarrow = useNarrow(box, 640)
  return (
    <div ref={box}>
      {isNarrow ? (
        <ul aria-label={label}>
          {rows?.map((row) => (
            <CompactItem key={rowId(row)} {...compact(row)} href={rowHref?.(row)} dim={dim?.(row) ?? false} />
          ))}
          {!rows && <Loading what={label.toLowerCase()} />}
        </ul>
      ) : (
        <table aria-label={label} className="w-full table-fixed border-separate border-spacing-0 text-sm">
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.title}
                  scope="col"
                  style={{ width: column.width }}
                  className={cx(
                    'h-8 truncate border-b border-line px-3 text-xs font-medium text-ink-3 first:pl-4 last:pr-4',
                    column.align === 'right' ? 'text-right' : 'text-left',
                  )}
                >
                  {column.untitled ? <span className="sr-only">{column.title}</span> : column.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="[&>tr:last-child>td]:border-b-0">
            {rows?.map((row) => (
              <tr
                key={rowId(row)}
                aria-current={rowId(row) === openId || undefined}
                className={cx(
                  'relative',
                  rowHref && 'hover:bg-hover',
                  rowId(row) === openId && 'bg-selected',
                )}
              >
                {columns.map((column, index) => (
                  <td
                    key={column.title}
                    className={cx(
                      'h-10 truncate border-b border-line px-3 py-1 first:pl-4 last:pr-4',
                      column.align === 'right' && 'text-right',
                      dim?.(row) && 'text-ink-3',
                    )}
                  >
                    {index === 0 && rowHref ? (
                      <RowLink href={rowHref(row)}>{column.cell(row)}</RowLink>
                    ) : (
                      column.cell(row)
                    )}
                  </td>
                ))}
              </tr>
            ))}
            {!rows && <SkeletonRows columns={columns.length} compact={false} rows={4} />}
          </tbody>
        </table>
      )}
    </div>
  )
}

function CompactItem({
  first,
  aside,
  second,
  actions,
  href,
  dim,
}: {
  first: ReactNode
  aside?: ReactNode
  second: ReactNode
  actions?: ReactNode
  href: string | undefined
  dim: boolean
}) {
  return (
    <li className={cx('relative border-line px-4 py-2.5 not-first:border-t', dim && 'text-ink-3')}>
      <div className="flex items-center gap-3">
        <span className="min-w-0 flex-1 truncate font-medium">
          {href ? <RowLink href={href}>{first}</RowLink> : first}
        </span>
        {aside && <span className="shrink-0 text-xs text-ink-2">{aside}</span>}
      </div>
      <div className="mt-0.5 text-xs text-ink-2">{second}</div>
      {actions && <div className="relative z-10 mt-2 flex flex-wrap gap-2">{actions}</div>}
    </li>
  )
}

function RowLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link
      to={href}
      className="stretched font-medium outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
    >
      {children}
    </Link>
  )
}
