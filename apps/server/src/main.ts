import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// What one start has compiled, the next need not: a fifth of its time. It comes before all that it is for, hence the late import. Where
// the folder cannot be written, Node does without. Not in the system's folder for temporary files, where others could put code for us.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/mainstay', import.meta.url)))
const { runServer } = await import('./run.ts')

await runServer(process.argv.slice(2))
