import { relative } from 'node:path'
import { run } from 'node:test'
import { inspect } from 'node:util'

const hangReport = new URL('./hang-report.ts', import.meta.url).href

/** The runner's own tally, as its closing lines name it. */
export interface Tally {
  tests: number
  suites: number
  pass: number
  fail: number
  cancelled: number
  skipped: number
  todo: number
}

export interface FileResult {
  ok: boolean
  tally: Tally
  /** What went wrong, ready to print; empty when nothing did. */
  failures: string
  /** Why tests were skipped, once for each. */
  skips: string[]
}

/**
 * Runs one test file in a process of its own and ends it when it takes too long. Each file is a run by itself because
 * the runner's time limit covers tests only: a file that leaves a timer or a socket open would hold up everything.
 */
export async function runFile(file: string, timeoutMs: number): Promise<FileResult> {
  const result: FileResult = { ok: true, tally: emptyTally(), failures: '', skips: [] }
  let printed = ''
  let running = ''
  process.env.MAINSTAY_TEST_TIMEOUT_MS = String(timeoutMs)
  const events = run({
    files: [file],
    concurrency: 1,
    signal: AbortSignal.timeout(timeoutMs),
    execArgv: ['--import', hangReport],
  })
  for await (const event of events) {
    switch (event.type) {
      case 'test:dequeue':
        running = event.data.name
        break
      case 'test:stdout':
      case 'test:stderr':
        printed = `${printed}${event.data.message}`.slice(-20_000)
        break
      case 'test:fail':
        if (event.data.todo === undefined)
          result.failures += describeFailure(event.data, file, timeoutMs, running)
        break
      case 'test:pass':
        if (typeof event.data.skip === 'string') result.skips.push(event.data.skip)
        break
      case 'test:summary':
        result.ok = event.data.success
        result.tally = readTally(event.data.counts)
        break
    }
  }
  // A passing file's chatter is nobody's concern; a failing one's may say why.
  if (!result.ok && printed.trim() !== '') {
    result.failures += `  ${relative(process.cwd(), file)} printed:\n${indent(printed.trim())}\n`
  }
  return result
}

export function emptyTally(): Tally {
  return { tests: 0, suites: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 }
}

interface Failure {
  name: string
  file?: string | undefined
  line?: number | undefined
  details: { error: Error & { failureType?: string } }
}

function describeFailure(
  { name, line, details: { error } }: Failure,
  file: string,
  timeoutMs: number,
  running: string,
): string {
  const path = relative(process.cwd(), file)
  switch (error.failureType) {
    case 'subtestsFailed': // because of a test inside, which has been told
      return ''
    case 'testAborted':
      return `✖ ${path} did not end within ${timeoutMs / 1000} s: "${running}" hangs, or something was left open\n`
    case 'testCodeFailure':
      if (name === file) return `✖ ${path} failed outside its tests (${inspect(error.cause)})\n`
  }
  const place = line === undefined ? path : `${path}:${line}`
  return `✖ ${name} (${place})\n${indent(inspect(error.cause ?? error, { depth: 6 }))}\n`
}

function indent(text: string): string {
  return text.replace(/^(?!$)/gm, '    ')
}

function readTally(
  counts: Record<'tests' | 'suites' | 'passed' | 'cancelled' | 'skipped' | 'todo', number>,
): Tally {
  const { tests, suites, passed, cancelled, skipped, todo } = counts
  const fail = tests - passed - cancelled - skipped - todo
  return { tests, suites, pass: passed, fail, cancelled, skipped, todo }
}
