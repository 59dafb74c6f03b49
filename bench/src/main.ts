/** Runs one benchmark: `npm run bench -- <name> [--quick] [--check]`. Without a name it lists them. */
import { parseArgs } from 'node:util'
import type { Bench } from './report.ts'

const benches: Record<string, () => Promise<Bench>> = {
  access: async () => (await import('./access.ts')).bench,
  chaos: async () => (await import('./chaos.ts')).bench,
  accept: async () => (await import('./accept.ts')).bench,
  campaign: async () => (await import('./campaign.ts')).bench,
  deliver: async () => (await import('./deliver.ts')).bench,
  identity: async () => (await import('./identity.ts')).bench,
  limits: async () => (await import('./limits.ts')).bench,
  rpc: async () => (await import('./rpc.ts')).bench,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    recipients: { type: 'string' },
  },
})
const load = benches[positionals[0] ?? '']
if (load === undefined) {
  process.stderr.write(
    `npm run bench -- <${Object.keys(benches).join(' | ')}> [--quick] [--check] [--recipients=N]\n`,
  )
  process.exitCode = positionals.length === 0 ? 0 : 1
} else {
  const bench = await load()
  const report = await bench.run({
    ...values,
    recipients: values.recipients === undefined ? undefined : Number(values.recipients),
  })
  process.stdout.write(`${JSON.stringify(report)}\n`)
  if (values.check && !report.ok) process.exitCode = 1
}
