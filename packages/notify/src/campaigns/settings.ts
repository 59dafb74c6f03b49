/** The campaigns' part of notify's settings table. */
export const campaignSettings = {
  campaignAhead: {
    env: 'NOTIFY_CAMPAIGN_AHEAD',
    type: 'integer',
    default: 4000,
    min: 100,
    max: 100_000,
    doc: 'Messages of one campaign that may be due and wait in the queue; more are made as these are sent. Pausing and cancelling move as many.',
  },
} as const
