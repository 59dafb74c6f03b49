import { listFiles, readFile } from './tree.ts'

const MAX_LINES = 400
const UNTOLD_NAMES = /(^|\/)(utils?|helpers?|common|misc|types)\.tsx?$/

/** Files are short, and named for what they hold. */
export function checkFiles(root: string): string[] {
  const problems: string[] = []
  for (const path of listFiles(root, /\.(ts|tsx|mjs)$/)) {
    const lines = readFile(root, path).split('\n').length - 1
    if (lines > MAX_LINES)
      problems.push(`${path} has ${lines} lines; ${MAX_LINES} is the limit: split it by concept`)
    if (UNTOLD_NAMES.test(path)) problems.push(`${path}: name the file for the concept it holds`)
  }
  return problems
}
