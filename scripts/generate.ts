/** Makes everything that follows from the contracts: `npm run generate`, offline. `.ci/run` fails when it is stale. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { file_buf_validate_validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import { printProtoFile } from './print-descriptor.ts'

const proto = fileURLToPath(new URL('../proto/', import.meta.url))
const require = createRequire(import.meta.url)

gatherImports()
rmSync(join(proto, 'gen/mainstay'), { recursive: true, force: true })
buf('generate')

/** Lays the contracts that ours import beside them, from the npm packages that carry them. */
function gatherImports(): void {
  const googleapis = dirname(require.resolve('google-proto-files/package.json'))
  mkdirSync(join(proto, 'deps/google/api'), { recursive: true })
  for (const name of ['annotations', 'http']) {
    copyFileSync(join(googleapis, `google/api/${name}.proto`), join(proto, `deps/google/api/${name}.proto`))
  }
  mkdirSync(join(proto, 'deps/buf/validate'), { recursive: true })
  writeFileSync(join(proto, 'deps/buf/validate/validate.proto'), printProtoFile(file_buf_validate_validate))
}

function buf(...args: string[]): void {
  execFileSync(process.execPath, [require.resolve('@bufbuild/buf/bin/buf'), ...args], {
    cwd: proto,
    stdio: 'inherit',
  })
}
