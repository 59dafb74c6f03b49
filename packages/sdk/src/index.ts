export type { Client, PagePromise } from './client.ts'
export { createConnector, type MainstayOptions } from './connector.ts'
export { enqueueStatement, type Statement } from './enqueue.ts'
export {
  type ErrorCode,
  type FieldViolation,
  isReason,
  MainstayError,
  type Reason,
} from './errors.ts'
export { createMainstay, type Mainstay } from './mainstay.ts'
export { type CsvPart, splitCsv } from './split-csv.ts'
export type { CallOptions } from './transport.ts'
