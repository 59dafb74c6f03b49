import { MainstayError } from '@mainstay/sdk'
import type { Command } from 'commander'
import { CommandError, EXIT } from '../failure.ts'
import { print } from '../output.ts'
import type { Context } from '../program.ts'

interface Finding {
  check: string
  ok: boolean
  detail: string
}

/** `doctor`: says what works between here and the server, and what to do about what does not. */
export function addDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .description('check that everything works')
    .action(async () => {
      const findings = await examine(context)
      print(context.output, findings, () =>
        findings
          .map(({ check, ok, detail }) => `${ok ? 'ok  ' : 'FAIL'}  ${check.padEnd(16)}  ${detail}`)
          .join('\n'),
      )
      const failed = findings.filter(({ ok }) => !ok).length
      if (failed > 0) throw new CommandError(`${failed} of ${findings.length} checks failed.`, EXIT.refused)
    })
}

async function examine(context: Context): Promise<Finding[]> {
  const { mainstay, url, hasKey } = context.anonymous()
  const findings: Finding[] = [
    { check: 'node', ok: Number(process.versions.node.split('.')[0]) >= 22, detail: process.version },
  ]
  const ready = await probe(`${url}/readyz`)
  findings.push({
    check: 'server',
    ok: ready.ok,
    detail: ready.ok ? `${url} is ready` : `${url}: ${ready.detail}`,
  })
  if (!ready.reached) return findings
  if (!hasKey) {
    findings.push({ check: 'api key', ok: false, detail: 'none found: set MAINSTAY_API_KEY or give --key' })
    return findings
  }
  const caller = await settle(
    mainstay.access.getCaller({}),
    ({ project }) => `speaks for project ${project?.slug ?? '?'}`,
  )
  findings.push({ check: 'api key', ...caller })
  if (!caller.ok) return findings
  const system = await mainstay.system.getSystem({}).catch(refusal)
  if (system instanceof MainstayError)
    return [...findings, { check: 'system', ok: false, detail: system.message }]
  findings.push({
    check: 'version',
    ok: true,
    detail: `${system.version}, PostgreSQL ${system.databaseVersion}`,
  })
  for (const check of system.checks)
    findings.push({ check: check.name, ok: check.ok, detail: check.message || 'up' })
  return findings
}

async function probe(url: string): Promise<{ reached: boolean; ok: boolean; detail: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
    const body = await response.text()
    return {
      reached: true,
      ok: response.ok,
      detail: response.ok ? '' : `answers ${response.status}: ${body.slice(0, 200)}`,
    }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    return {
      reached: false,
      ok: false,
      detail: `not reachable (${cause}). Start it with \`npm start\`, or give --url.`,
    }
  }
}

async function settle<T>(
  promise: Promise<T>,
  describe: (value: T) => string,
): Promise<{ ok: boolean; detail: string }> {
  const result = await promise.catch(refusal)
  return result instanceof MainstayError
    ? { ok: false, detail: result.message }
    : { ok: true, detail: describe(result) }
}

function refusal(error: unknown): MainstayError {
  if (error instanceof MainstayError) return error
  throw error
}
