#!/usr/bin/env -S node --max-semi-space-size=16 --expose-gc
import { run } from './program.ts'

// Whoever reads our output may leave before its end: `mainstay messages watch | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

const exitCode = await run(process.argv.slice(2))
// The server, when it is what ran, may have said already that it failed.
process.exitCode ||= exitCode
