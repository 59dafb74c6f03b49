/**
 * A courier process for crash tests: `node crash-courier-main.ts <connectionString>`. It delivers to inboxes until it is killed;
 * the end of its standard input ends it too.
 */
import { createDb, createLogger, systemClock } from '@mainstay/kernel'
import { createCourier } from '../inbox/courier.ts'

const [connectionString = ''] = process.argv.slice(2)

const courier = createCourier({
  db: createDb({ connectionString, poolSize: 2 }),
  clock: systemClock,
  logger: createLogger({ level: 'fatal' }),
  renderer: {
    render: async () => {
      throw new Error('Every item of this test comes as it is')
    },
  },
  settings: { deliverPollIntervalMs: 20, deliverNoProviderRetryMs: 50 },
  onDelivered: () => undefined,
})
await courier.start()
process.stdout.write('started\n')
process.stdin.resume().on('end', () => process.exit(0))
