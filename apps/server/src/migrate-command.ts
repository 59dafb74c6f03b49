import { createLogger, type MigrationStatus, migrate, migrationStatus } from '@mainstay/kernel'
import { readSettings } from './config.ts'
import { openEngine } from './engine.ts'
import { migrationSets } from './wire.ts'

/** `mainstay migrate up|status`: for installations that migrate in a step of their own, before the processes start. */
export async function runMigrate(
  action: 'up' | 'status',
  output: { json: boolean; write(line: string): void },
): Promise<void> {
  const settings = readSettings()
  const logger = createLogger({ level: 'warn', format: 'pretty' })
  const engine = await openEngine(settings, logger)
  try {
    if (action === 'up') {
      const report = await migrate(engine.db, migrationSets, { logger })
      if (output.json) return output.write(JSON.stringify(report))
      for (const { capability, name, durationMs } of report.applied) {
        output.write(`applied  ${capability}/${name}  ${Math.round(durationMs)} ms`)
      }
      output.write(report.applied.length === 0 ? 'Nothing to do: every migration is applied.' : 'Done.')
      return
    }
    const status = await migrationStatus(engine.db, migrationSets)
    if (output.json) return output.write(JSON.stringify(status))
    for (const line of renderStatus(status)) output.write(line)
  } finally {
    await engine.stop()
  }
}

function renderStatus({ applied, pending }: MigrationStatus): string[] {
  const lines = applied.map(
    ({ capability, name, appliedAt }) => `applied  ${capability}/${name}  ${appliedAt.toISOString()}`,
  )
  for (const { capability, name } of pending) lines.push(`pending  ${capability}/${name}`)
  lines.push(pending.length === 0 ? 'Up to date.' : `${pending.length} pending: run \`mainstay migrate up\`.`)
  return lines
}
