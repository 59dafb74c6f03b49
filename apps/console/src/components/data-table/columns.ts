import type { ReactNode } from 'react'

/**
 * One column of a table. Sorting and filtering are the server's, so that they hold for every page; what is left for a
 * table to model is which columns there are, and for that it needs no library.
 */
export interface Column<Row extends object> {
  id: string
  /** Its name in the header and in the column menu. */
  title: string
  /** A CSS width: `120px`. Unset: it shares what the others leave. */
  width?: string
  align?: 'left' | 'right'
  /** Left out while the table is narrower than this, for example with a row open beside it. */
  fromPx?: number
  /** Left out until the reader picks it from the column menu. */
  hiddenAtFirst?: boolean
  cell: (row: Row) => ReactNode
}

/** Which columns are shown, by their ids. */
export type Visibility = Readonly<Record<string, boolean>>
