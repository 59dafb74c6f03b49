/**
 * Makes everything that follows from the contracts and the tables of reasons, offline: `npm run generate`.
 *
 * With `--check` nothing is written; what is stale is listed and the exit code is 1. A change that would break a caller of
 * a landed contract is refused, unless `--accept-breaking` says that it is meant.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { file_buf_validate_validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import { renderOpenApi } from './openapi.ts'
import { printProtoFile } from './print-descriptor.ts'
import { renderReasonType } from './reason-type.ts'
import { compareTrees, replaceTree } from './sync-tree.ts'

const { values: options } = parseArgs({
  options: { check: { type: 'boolean' }, 'accept-breaking': { type: 'boolean' } },
})
const require = createRequire(import.meta.url)
const root = fileURLToPath(new URL('../', import.meta.url))
const contracts = join(root, 'proto')
const conformance = join(root, 'packages/rpc/testing/proto')
const baseline = join(contracts, 'baseline.binpb')
const stage = mkdtempSync(join(tmpdir(), 'mainstay-generate-'))

try {
  main()
} finally {
  rmSync(stage, { recursive: true, force: true })
}

function main(): void {
  gatherImports()
  const image = join(stage, 'image.binpb')
  buf(contracts, 'build', '-o', image)
  if (existsSync(baseline) && !options['accept-breaking']) refuseBreakingChange(image)
  buf(contracts, 'build', '--exclude-source-info', '-o', join(stage, 'baseline.binpb'))
  buf(contracts, 'generate', '-o', join(stage, 'contracts'))
  writeFileSync(join(stage, 'contracts/gen/openapi.json'), renderOpenApi(image))
  buf(conformance, 'generate', '-o', join(stage, 'conformance/proto'))
  writeFileSync(join(stage, 'reasons.ts'), renderReasonType(root))

  const made: [string, string][] = [
    [join(stage, 'contracts/gen'), join(contracts, 'gen')],
    [join(stage, 'conformance/gen'), join(root, 'packages/rpc/testing/gen')],
    [join(stage, 'baseline.binpb'), baseline],
    [join(stage, 'reasons.ts'), join(root, 'packages/sdk/src/gen/reasons.ts')],
  ]
  if (!options.check) {
    for (const [from, to] of made) replaceTree(from, to)
    return
  }
  const stale = made.flatMap(([from, to]) => compareTrees(from, to))
  if (stale.length === 0) return
  process.stderr.write(
    `Stale, run \`npm run generate\`:\n${stale.map((path) => `  ${path.slice(root.length)}`).join('\n')}\n`,
  )
  process.exitCode = 1
}

/** Lays the contracts that ours import beside them, from the npm packages that carry them. They are not in git. */
function gatherImports(): void {
  const googleapis = dirname(require.resolve('google-proto-files/package.json'))
  const deps = join(contracts, 'deps')
  for (const name of ['google/api/annotations', 'google/api/http', 'google/rpc/error_details']) {
    mkdirSync(dirname(join(deps, name)), { recursive: true })
    copyFileSync(join(googleapis, `${name}.proto`), join(deps, `${name}.proto`))
  }
  mkdirSync(join(deps, 'buf/validate'), { recursive: true })
  writeFileSync(join(deps, 'buf/validate/validate.proto'), printProtoFile(file_buf_validate_validate))

  const testDeps = join(conformance, 'deps')
  rmSync(testDeps, { recursive: true, force: true })
  cpSync(join(deps, 'buf'), join(testDeps, 'buf'), { recursive: true })
  cpSync(join(deps, 'google/api'), join(testDeps, 'google/api'), { recursive: true })
  for (const name of ['mainstay/access/v1/rule.proto', 'mainstay/rpc/v1/options.proto']) {
    cpSync(join(contracts, name), join(testDeps, name))
  }
}

/** Compares with the contracts as they last landed (`buf breaking`, category FILE). */
function refuseBreakingChange(image: string): void {
  try {
    buf(contracts, 'breaking', image, '--against', baseline)
  } catch {
    process.stderr.write(
      '\nThese changes break callers of a landed contract. Add instead of changing; within v1 there is no other way.\n' +
        'If nobody can be calling it yet: `npm run generate -- --accept-breaking`.\n',
    )
    rmSync(stage, { recursive: true, force: true })
    process.exit(1)
  }
}

function buf(directory: string, ...args: string[]): void {
  execFileSync(process.execPath, [require.resolve('@bufbuild/buf/bin/buf'), ...args], {
    cwd: directory,
    stdio: 'inherit',
  })
}
