import { Skeleton } from '../skeleton/skeleton.tsx'

const widths = ['w-16', 'w-40', 'w-56', 'w-20', 'w-24', 'w-12']

/** Rows in the shape of the table to come, so that nothing jumps when it arrives. */
export function SkeletonRows({
  columns,
  compact,
  rows = 18,
}: {
  columns: number
  compact: boolean
  rows?: number
}) {
  const cells = Array.from({ length: compact ? 1 : columns }, (_, index) => index)
  return Array.from({ length: rows }, (_, index) => index).map((row) => (
    <tr key={row} aria-hidden>
      {cells.map((cell) => (
        <td
          key={cell}
          className={
            compact
              ? 'h-[60px] border-b border-line px-4'
              : 'h-8 border-b border-line px-3 first:pl-4 md:first:pl-6'
          }
        >
          <Skeleton className={`max-w-full ${widths[(cell + row) % widths.length]}`} />
          {compact && <Skeleton className="mt-2 w-2/3" />}
        </td>
      ))}
    </tr>
  ))
}
