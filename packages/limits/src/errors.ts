import { defineReasons } from '@mainstay/kernel'

/** Why limits refuse. */
export const reasons = defineReasons({
  'limits.exceeded': 'resource_exhausted',
  'limits.unavailable': 'unavailable',
})
