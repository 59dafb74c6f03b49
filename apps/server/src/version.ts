import manifest from '../package.json' with { type: 'json' }

/** Mainstay's version. */
export const version: string = manifest.version
