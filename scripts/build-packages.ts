/**
 * Builds what is published and packs it into dist/packages: `npm run build:packages`. Publish with
 * `npm publish dist/packages/<file>.tgz`, the contracts first. Exits 1 when a package would not work for its users.
 */
import { rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lintTarball, packPackages } from './publish/pack.ts'
import { stagePackages } from './publish/stage.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const stage = join(root, 'dist', 'packages')

rmSync(stage, { recursive: true, force: true })
for (const tarball of packPackages(stagePackages(stage), stage)) {
  const problems = await lintTarball(tarball)
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  console.log(relative(root, tarball))
}
