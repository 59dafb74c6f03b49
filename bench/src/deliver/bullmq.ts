import { Queue, Worker } from 'bullmq'
import type { Contender, Payload } from './contender.ts'
import { createPost } from './post.ts'

const CONCURRENCY = 200

/** BullMQ on a Redis that writes each change to disk before it answers (appendfsync always). */
export function createContender(): Contender {
  let queue: Queue<Payload>
  let worker: Worker<Payload> | undefined
  let http: ReturnType<typeof createPost>
  let connection: { host: string; port: number; maxRetriesPerRequest: null }
  return {
    async prepare({ url, sinkUrl }) {
      const { hostname, port } = new URL(url)
      connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null }
      queue = new Queue('deliver', { connection })
      http = createPost(sinkUrl, CONCURRENCY)
      await queue.waitUntilReady()
    },
    async enqueue(payloads) {
      await queue.addBulk(
        payloads.map((data) => ({ name: 'deliver', data, opts: { attempts: 5, removeOnComplete: true } })),
      )
    },
    async start() {
      worker = new Worker<Payload>('deliver', (job) => http.post(job.data, String(job.id)), {
        connection,
        concurrency: CONCURRENCY,
      })
    },
    async remaining() {
      const counts = await queue.getJobCounts('waiting', 'active', 'delayed')
      return (counts.waiting ?? 0) + (counts.active ?? 0) + (counts.delayed ?? 0)
    },
    async stop() {
      await worker?.close(true)
      await queue.close()
      await http.close()
    },
  }
}
