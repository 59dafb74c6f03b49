import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { homeFolder, type Logger, migrate } from '@mainstay/kernel'
import type { ServerSettings } from './config.ts'
import { type Engine, openEngine } from './engine.ts'
import type { Progress } from './progress.ts'
import { migrationSets } from './wire.ts'

/**
 * Starts or reaches the database and brings its tables up to date. Says so when that is more than a moment's work: at the
 * first start, and after an upgrade.
 */
export async function setUpDatabase(
  settings: ServerSettings,
  logger: Logger,
  progress: Progress,
): Promise<Engine> {
  let ended: ReturnType<Progress> | undefined
  const begin = (): void => {
    ended ??= progress('Setting up the database')
  }
  if (settings.kernel.databaseUrl === undefined && !existsSync(join(homeFolder(settings.kernel), 'postgres')))
    begin()
  let engine: Engine | undefined
  try {
    engine = await openEngine(settings, logger)
    await migrate(engine.db, migrationSets, { logger, onPending: begin })
    ended?.('done')
    return engine
  } catch (error) {
    ended?.('failed')
    await engine?.stop()
    throw error
  }
}
