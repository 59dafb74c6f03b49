import type { ProviderEventKind } from '../providers/reports.ts'

/** How events are stored: see migrations/0005_reports.sql. */
export const EVENT_KINDS = {
  sent: 1,
  failed: 2,
  delivered: 3,
  bounced: 4,
  complained: 5,
  read: 6,
  unsubscribed: 7,
  opened: 8,
  clicked: 9,
} as const satisfies Record<ProviderEventKind, number>

export type EventKind = (typeof EVENT_KINDS)[ProviderEventKind]

/**
 * How far an event moves its message, in SQL. A message only ever goes up: sent, failed, delivered, bounced, complained.
 * Failed comes before delivered, since a provider that gave up and one that still got through are told in any order. What was
 * read was delivered, which some providers then leave unsaid.
 */
export const EVENT_RANK = `CASE kind WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 3 WHEN 6 THEN 3 WHEN 4 THEN 4 WHEN 5 THEN 5 ELSE 0 END`

/** Where a message stands on the same ladder. Those that were never sent, such as cancelled ones, stay what they are. */
export const STATE_RANK = `CASE state WHEN 1 THEN 0 WHEN 14 THEN 0 WHEN 5 THEN 1 WHEN 13 THEN 2 WHEN 6 THEN 3 WHEN 7 THEN 4
  WHEN 8 THEN 5 ELSE 9 END`

/** The state of a rank. */
export const RANK_STATE = `CASE rank WHEN 1 THEN 5 WHEN 2 THEN 13 WHEN 3 THEN 6 WHEN 4 THEN 7 ELSE 8 END`
