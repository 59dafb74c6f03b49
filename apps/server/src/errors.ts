import { defineReasons } from '@mainstay/kernel'

/** The reasons of the System service. */
export const reasons = defineReasons({
  'system.dead_letter_not_found': 'not_found',
})
