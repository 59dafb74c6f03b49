import { type Db, systemClock } from '@mainstay/kernel'
import { createCategoryLookup } from '../accept/categories.ts'
import { createRecipientLookup } from '../accept/recipients.ts'
import { createSend, type SendDeps } from '../accept/send.ts'
import { createWriter } from '../accept/writer.ts'
import { type NotifySettings, notifySettings } from '../config.ts'

const DAY_MS = 86_400_000

/** Sending as notify does it, with the settings' defaults. */
export function createTestSend(
  db: Db,
  { directory, renderer }: Pick<SendDeps, 'directory' | 'renderer'>,
): ReturnType<typeof createSend> {
  const defaults = Object.entries(notifySettings.settings).map(([key, spec]) => [
    key,
    'default' in spec ? spec.default : undefined,
  ])
  const writer = createWriter({
    db,
    clock: systemClock,
    batchSize: 100,
    queueSize: 1000,
    idempotencyTtlMs: DAY_MS,
  })
  return createSend({
    db,
    writer,
    clock: systemClock,
    settings: Object.fromEntries(defaults) as NotifySettings,
    directory,
    renderer,
    findRecipient: createRecipientLookup(db),
    findCategory: createCategoryLookup(db),
  })
}
