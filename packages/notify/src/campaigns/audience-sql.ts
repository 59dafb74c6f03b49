import { Channel } from '@mainstay/proto/notify/v1'
import { MOST_OF_A_CHANNEL } from '../recipients/endpoint-store.ts'
import type { Audience } from './plan.ts'

/** SQL, and the values of its parameters from a given number on. `$1` is the project throughout. */
export interface Sql {
  text: string
  values: unknown[]
}

/**
 * Everybody in an audience: `key`, which names the person in the campaign, `timezone`, and what addresses are found by.
 *
 * @param segment the condition over `notify.recipients r` that a segment's rule makes, with parameters from `first` on.
 */
export function audienceSql(audience: Audience, campaignId: string, first: number, segment?: Sql): Sql {
  switch (audience.kind) {
    case 'all':
      return { text: `${FROM_RECIPIENTS} WHERE r.project_id = $1`, values: [] }
    case 'topic':
      return {
        text: `${FROM_RECIPIENTS} WHERE r.project_id = $1 AND r.recipient_id IN (
          SELECT recipient_id FROM notify.topic_members WHERE project_id = $1 AND topic = $${first})`,
        values: [audience.topic],
      }
    case 'segment': {
      if (segment === undefined) throw new TypeError('The audience of a segment needs its condition')
      return {
        text: `${FROM_RECIPIENTS} WHERE r.project_id = $1 AND (${segment.text})`,
        values: segment.values,
      }
    }
    case 'imported':
      return {
        text: `SELECT w.row_key AS key, coalesce(w.timezone, r.timezone) AS timezone, w.recipient_id, w.address, r.email, r.phone
          FROM notify.campaign_rows w
          LEFT JOIN notify.recipients r ON r.project_id = w.project_id AND r.recipient_id = w.recipient_id
          WHERE w.project_id = $1 AND w.campaign_id = $${first}::uuid`,
        values: [campaignId],
      }
  }
}

const FROM_RECIPIENTS = `SELECT r.recipient_id COLLATE "C" AS key, r.timezone, r.recipient_id, NULL::text AS address, r.email, r.phone
          FROM notify.recipients r`

/**
 * The addresses of somebody `p` (`recipient_id`, `address`, `email`, `phone`) on a channel, as a subquery of `address`: those that a
 * single notification would go to (accept/recipients.ts).
 */
export function addressesSql(channel: number): string {
  switch (channel) {
    case Channel.EMAIL:
      return one(`coalesce(p.address, p.email, ${endpoint(1)})`)
    case Channel.SMS:
    case Channel.WHATSAPP:
      return one(`coalesce(p.address, p.phone, ${endpoint(2)})`)
    case Channel.CHAT:
      return one(`coalesce(p.address, ${endpoint(5)})`)
    case Channel.PUSH:
      return `SELECT p.address WHERE p.address IS NOT NULL
    UNION ALL (SELECT e.address ${ALIVE} AND e.channel = 4 AND p.address IS NULL
      ORDER BY e.last_seen_time DESC, e.endpoint_id DESC LIMIT ${MOST_OF_A_CHANNEL})`
    case Channel.INBOX:
      return one('p.recipient_id')
    default:
      return one('p.address')
  }
}

const one = (address: string): string => `SELECT a.address FROM (SELECT ${address} COLLATE "C") AS a (address)
    WHERE a.address <> ''`

const ALIVE = `FROM notify.recipient_endpoints e
    WHERE e.project_id = $1 AND e.recipient_id = p.recipient_id AND e.dead_time IS NULL`

const endpoint = (channel: number): string => `(SELECT e.address ${ALIVE} AND e.channel = ${channel}
    ORDER BY NOT e.verified, e.create_time DESC, e.endpoint_id DESC LIMIT 1)`
