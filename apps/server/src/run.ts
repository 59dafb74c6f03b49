import { flushCompileCache } from 'node:module'
import { AppError, createLogger, MigrationError, SettingsError, StartError } from '@mainstay/kernel'
import { renderBanner } from './banner.ts'
import { isTerminal, readSettings } from './config.ts'
import { logProgress, terminalProgress } from './progress.ts'
import { parseRole, UsageError } from './role.ts'
import { startServer } from './server.ts'

/**
 * Runs the program until SIGTERM or SIGINT, then stops it in order. What a person can mend is one clear sentence on
 * standard error and exit code 1; a second signal ends the process at once, and its leases free its work.
 */
export async function runServer(args: readonly string[]): Promise<void> {
  // Listened to from the first moment: a stop that comes while we start is kept, and obeyed in order once we have.
  const signalled = stopSignal()
  try {
    const role = parseRole(args)
    const settings = readSettings()
    const { logLevel, logFormat } = settings.kernel
    const format = logFormat === 'auto' ? (isTerminal() ? 'pretty' : 'json') : logFormat
    const logger = createLogger({ level: logLevel, format, fields: { role } })
    const forPerson = format === 'pretty' && logger.isLevelEnabled('info')
    const progress = forPerson ? terminalProgress((text) => process.stdout.write(text)) : logProgress(logger)
    const server = await startServer({ role, settings, logger, progress })
    console.log(renderBanner(server.banner))
    // Written now: whoever is killed later has still made the next start shorter.
    flushCompileCache()
    const reason = await Promise.race([signalled, server.failed])
    if (reason instanceof Error) {
      logger.fatal({ err: reason }, 'stopping: the embedded PostgreSQL ended by itself')
      process.exitCode = 1
    } else {
      logger.info({ signal: reason }, 'stopping')
    }
    await server.stop()
    logger.info('stopped')
  } catch (error) {
    if (!isForPeople(error)) throw error
    const isFull = error instanceof AppError && error.reason === 'kernel.database_full'
    console.error(
      isFull ? `${error.message} Free some space and start again: nothing was damaged.` : error.message,
    )
    process.exitCode = 1
  }
}

/** Settles with the first signal that asks for an end; the second one does not wait any longer. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        resolve(signal)
        process.once(signal, () => process.exit(130))
      })
    }
  })
}

function isForPeople(error: unknown): error is Error {
  const kinds = [StartError, SettingsError, MigrationError, UsageError, AppError]
  return kinds.some((kind) => error instanceof kind)
}
