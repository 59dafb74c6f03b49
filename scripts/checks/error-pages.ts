import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { listReasons } from './reasons.ts'
import { listFiles, readFile } from './tree.ts'

/** Every reason has a page and a test that names it; every page has a reason. */
export function checkErrorPages(root: string): string[] {
  const reasons = listReasons(root)
  const tests = listFiles(root, /\.(test|heavy)\.tsx?$/)
    .map((path) => readFile(root, path))
    .join('\n')
  const problems: string[] = []
  for (const [reason, path] of reasons) {
    if (!existsSync(join(root, `docs/errors/${reason}.md`)))
      problems.push(`${reason} (${path}) has no docs/errors/${reason}.md`)
    if (!tests.includes(reason)) problems.push(`${reason} (${path}) is provoked by no test`)
  }
  for (const page of listFiles(root, /^docs\/errors\/[^/]+\.md$/)) {
    const reason = page.slice('docs/errors/'.length, -'.md'.length)
    const isClientSide = reason.startsWith('sdk.')
    if (!isClientSide && !reasons.has(reason))
      problems.push(`${page} explains a reason that no errors.ts has`)
    if (!readFile(root, page).startsWith(`# ${reason}\n`))
      problems.push(`${page} must begin with "# ${reason}"`)
  }
  if (reasons.size === 0) problems.push('no reasons were found: has the shape of errors.ts changed?')
  return problems
}
