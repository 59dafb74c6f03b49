/** Runs one contender in a process of its own: `contender-main.ts <module> <url> <sinkUrl> <count>`. */
import type { Ask, Contender } from './contender.ts'

const [module = '', url = '', sinkUrl = '', count = ''] = process.argv.slice(2)

const { createContender }: { createContender: () => Contender } = await import(`./${module}.ts`)
const contender = createContender()
await contender.prepare({ url, sinkUrl })
const payloads = Array.from({ length: Number(count) }, (_, index) => ({
  to: `person${index}@example.com`,
  subject: `Your order ${index} is on its way`,
  text: `Hello, your order ${index} has left our warehouse and will be with you within three days.`,
}))
for (let from = 0; from < payloads.length; from += 1000) {
  await contender.enqueue(payloads.slice(from, from + 1000))
}
process.on('message', async (ask: Ask) => {
  if (ask === 'remaining') return process.send?.(await contender.remaining())
  await contender[ask]()
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMs: (user + system) / 1000 })
})
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
