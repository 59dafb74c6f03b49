import { listReasons } from './checks/reasons.ts'

/** The source of the SDK's union of reasons, from the `errors.ts` of every package. */
export function renderReasonType(root: string): string {
  const reasons = [...listReasons(root).keys()].sort()
  return `// Made by \`npm run generate\` from every errors.ts. Do not edit.

/** The reasons that a server of this version gives; docs/errors has a page about each. */
export type ServerReason =
${reasons.map((reason) => `  | '${reason}'\n`).join('')}`
}
