import { Pool } from 'undici'
import type { Payload } from './contender.ts'

/** How the peers call the sink: undici, keep-alive, as many connections as they have jobs in hand. */
export function createPost(sinkUrl: string, connections: number) {
  const pool = new Pool(sinkUrl, { connections, pipelining: 1 })
  return {
    async post(payload: Payload, id: string): Promise<void> {
      const { statusCode, body } = await pool.request({
        path: '/messages',
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': id },
        body: JSON.stringify(payload),
      })
      await body.text()
      if (statusCode >= 300) throw new Error(`The sink answered ${statusCode}`)
    },
    close: () => pool.close(),
  }
}
