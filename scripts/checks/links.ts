import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { listFiles, readFile } from './tree.ts'

const LINK = /\]\(([^)\s]+)\)/g

/** Links from one document to a file in the repository lead somewhere. */
export function checkLinks(root: string): string[] {
  const problems: string[] = []
  for (const path of listFiles(root, /\.md$/)) {
    for (const [, link] of readFile(root, path).matchAll(LINK)) {
      const target = (link as string).split('#')[0] as string
      if (target === '' || /^[a-z]+:/.test(target) || target.startsWith('/')) continue
      if (!existsSync(join(root, dirname(path), target)))
        problems.push(`${path} links to ${target}, which is not there`)
    }
  }
  return problems
}
