#!/usr/bin/env -S node --max-semi-space-size=16 --expose-gc --heap-growing-percent=100
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

// Most of what a short command takes is loading it. Where the folder cannot be written, Node does without.
enableCompileCache(join(homedir(), '.cache', 'mainstay'))
const { run } = await import('./program.ts')

// Whoever reads our output may leave before its end: `mainstay messages watch | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

const exitCode = await run(process.argv.slice(2))
// The server, when it is what ran, may have said already that it failed.
process.exitCode ||= exitCode
