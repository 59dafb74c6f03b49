import {
  type ColumnDef,
  type ColumnHelper,
  columnVisibilityFeature,
  createColumnHelper,
  metaHelper,
  tableFeatures,
} from '@tanstack/react-table'

/** How a column takes part in the layout. */
export interface ColumnLook {
  /** Its name in the header and in the column menu. */
  title: string
  /** A CSS width: `120px`. Unset: it shares what the others leave. */
  width?: string
  align?: 'left' | 'right'
  /** Left out while the table is narrower than this, for example with a row open beside it. */
  fromPx?: number
  /** Left out until the reader picks it from the column menu. */
  hiddenAtFirst?: boolean
}

/** What our tables use of TanStack Table. Sorting and filtering are the server's, so that they hold for every page. */
export const features = tableFeatures({ columnVisibilityFeature, columnMeta: metaHelper<ColumnLook>() })

export type Features = typeof features
export type Column<Row extends object> = ColumnDef<Features, Row>

/** Declares columns with the row's type inferred. */
export function columnsOf<Row extends object>(): ColumnHelper<Features, Row> {
  return createColumnHelper<Features, Row>()
}
