import { createRequire } from 'node:module'
import type * as PhoneLibrary from 'libphonenumber-js/min'

const require = createRequire(import.meta.url)
let library: typeof PhoneLibrary | undefined

/** The numbering plans of the world: 18 MiB, which an installation that sends nothing to phones never loads. */
export function phoneLibrary(): typeof PhoneLibrary {
  library ??= require('libphonenumber-js/min') as typeof PhoneLibrary
  return library
}
