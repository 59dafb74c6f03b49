import { CampaignState } from '@mainstay/proto/notify/v1/campaigns'

/** The contract's states, and one that nobody is shown: its rows are being removed. */
export const DELETED = 9

export type StoredState = CampaignState | typeof DELETED

const { DRAFT, SCHEDULED, PREPARING, RUNNING, PAUSED, FINISHED, CANCELLED, FAILED } = CampaignState

/** What people may ask of a campaign, and the states in which it has an effect. */
export const MAY: Readonly<Record<CampaignAct, readonly StoredState[]>> = {
  update: [DRAFT, SCHEDULED],
  speed: [DRAFT, SCHEDULED, PREPARING, RUNNING, PAUSED],
  delete: [DRAFT, SCHEDULED, FINISHED, CANCELLED, FAILED],
  start: [DRAFT],
  pause: [RUNNING],
  resume: [PAUSED],
  cancel: [SCHEDULED, PREPARING, RUNNING, PAUSED],
  choose: [RUNNING, PAUSED],
  import: [DRAFT],
}

export type CampaignAct =
  | 'update'
  | 'speed'
  | 'delete'
  | 'start'
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'choose'
  | 'import'

/** States in which asking again changes nothing and is no mistake. */
export const ALREADY: Readonly<Partial<Record<CampaignAct, readonly StoredState[]>>> = {
  start: [SCHEDULED, PREPARING, RUNNING],
  pause: [PAUSED],
  resume: [RUNNING],
  cancel: [CANCELLED],
}

export function isEnded(state: StoredState): boolean {
  return state === FINISHED || state === CANCELLED || state === FAILED || state === DELETED
}
