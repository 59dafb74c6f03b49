import { Queue } from 'bullmq'
import type { Peer } from './peer.ts'
import type { Payload } from './task.ts'

/** BullMQ's `add`: one script call in Redis, over one connection that carries all callers' commands at once. */
export function createPeer(): Peer {
  let queue: Queue<Payload>
  return {
    async prepare(url) {
      const { hostname, port } = new URL(url)
      queue = new Queue('accept', {
        connection: { host: hostname, port: Number(port), maxRetriesPerRequest: null },
      })
      await queue.waitUntilReady()
    },
    add: (payload) => queue.add('send', payload, { attempts: 5 }),
    count: () => queue.getWaitingCount(),
    stop: () => queue.close(),
  }
}
