/**
 * A peer doing the same in a process of its own: `node peer-main.ts <module> <url> <sinkUrl> <people>`. Asked `start`, it fans out to
 * everybody, a thousand jobs at a time, while it works them off.
 */
import type { Ask, Contender } from '../deliver/contender.ts'

const [module = '', url = '', sinkUrl = '', people = ''] = process.argv.slice(2)

const { createContender }: { createContender: () => Contender } = await import(`../deliver/${module}.ts`)
const contender = createContender()
await contender.prepare({ url, sinkUrl })

async function fanOut(): Promise<void> {
  for (let from = 0; from < Number(people); from += 1000) {
    const page = Array.from({ length: Math.min(1000, Number(people) - from) }, (_, index) => ({
      to: `person${from + index}@example.com`,
      subject: 'Spring is here',
      text: 'Everything is a fifth cheaper until Sunday. Come and see.',
    }))
    await contender.enqueue(page)
  }
}

process.on('message', async (ask: Ask) => {
  if (ask === 'remaining') return process.send?.(await contender.remaining())
  if (ask === 'start') await Promise.all([contender.start(), fanOut()])
  else await contender.stop()
  return process.send?.('done')
})
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
