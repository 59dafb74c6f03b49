/**
 * Runs the tests: `npm test`, or some of them: `npm test -- notify/store`. `--heavy` runs the `*.heavy.ts` instead,
 * such as the crash tests. One PostgreSQL serves the whole run; each file gets a database of its own from it.
 *
 * Quiet when all is well: failures as files end, what was skipped and why, and last the test runner's closing lines.
 */
import { globSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startTestServer } from '@mainstay/kernel/testing'
import { emptyTally, runFile } from './test/run-file.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    heavy: { type: 'boolean', default: false },
    /** Files at once. */
    concurrency: { type: 'string' },
    /** Seconds that one file may take. */
    timeout: { type: 'string' },
    /** Print this many of the slowest files. */
    slowest: { type: 'string', default: '0' },
  },
})
// Each file is a process, and most load the same thousand modules: what one has compiled, the others need not.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'mainstay-tests')
const concurrency = Number(options.concurrency ?? (options.heavy ? 1 : 2))
const timeoutMs = 1000 * Number(options.timeout ?? (options.heavy ? 1800 : 180))

const files = findTests(options.heavy ? '*.heavy.ts' : '*.test.ts', filters)
if (files.length === 0) {
  console.error(`No test file matches "${filters.join(' ')}"`)
  process.exit(1)
}
console.log(`Running ${files.length} test ${files.length === 1 ? 'file' : 'files'}…`)
process.exitCode = (await runAll(files)) ? 0 : 1

async function runAll(queue: string[]): Promise<boolean> {
  const startedAt = performance.now()
  const server = await startTestServer()
  process.env.MAINSTAY_TEST_PG = server.postgres.superuserConnectionString
  const tally = emptyTally()
  const skips = new Map<string, number>()
  const times: { file: string; ms: number }[] = []
  let ok = true
  async function work(): Promise<void> {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const fileStartedAt = performance.now()
      const result = await runFile(file, timeoutMs)
      times.push({ file, ms: performance.now() - fileStartedAt })
      ok &&= result.ok
      process.stdout.write(result.failures)
      for (const skip of result.skips) skips.set(skip, (skips.get(skip) ?? 0) + 1)
      for (const key of Object.keys(tally) as (keyof typeof tally)[]) tally[key] += result.tally[key]
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  await server.stop()
  times.sort((a, b) => b.ms - a.ms)
  for (const { file, ms } of times.slice(0, Number(options.slowest)))
    console.log(`${(ms / 1000).toFixed(1).padStart(6)} s  ${relative(root, file)}`)
  for (const [reason, count] of skips)
    console.log(`﹣ ${reason} (${count} ${count === 1 ? 'test' : 'tests'})`)
  for (const [key, count] of Object.entries(tally)) console.log(`ℹ ${key} ${count}`)
  console.log(`ℹ duration_ms ${performance.now() - startedAt}`)
  return ok
}

/** In the order of their paths; with filters, those whose path contains one of them. */
function findTests(pattern: string, wanted: readonly string[]): string[] {
  return globSync(`{packages,apps,scripts,bench,proto}/**/${pattern}`, {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|dist|gen)$/.test(path),
  })
    .filter((path) => wanted.length === 0 || wanted.some((text) => path.includes(text)))
    .sort()
    .map((path) => join(root, path))
}
