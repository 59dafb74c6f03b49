import { type Clock, type Db, systemClock } from '@mainstay/kernel'
import { createRecipients, type Recipients } from '../recipients/service.ts'
import { createTimezones } from '../recipients/timezones.ts'

/** What notify knows of people, on a test's database. */
export function testRecipients(db: Db, clock: Clock = systemClock): Recipients {
  return createRecipients({ db, clock, timezones: createTimezones(db) })
}
