import { randomBytes } from 'node:crypto'
import { idTimeMs, newId } from '@mainstay/kernel'
import type { Draft } from '../accept/store.ts'
import { TEST_PROJECT } from './ledger.ts'

/** A notification as the accept path makes it, ready to be stored. */
export function draft(changes: Partial<Draft> = {}): Draft {
  const notificationId = newId()
  const createMs = idTimeMs(notificationId)
  return {
    projectId: TEST_PROJECT,
    notificationId,
    messageId: newId(),
    content: '{"email":{"subject":"Hello","text":"Hello there","html":""}}',
    dedupeKey: null,
    actor: 'key_test',
    requestId: 'req_test',
    channel: 1,
    class: 2,
    unknownPolicy: 1,
    live: true,
    to: 'ann@example.com',
    recipientId: null,
    category: null,
    subject: 'Hello',
    templateName: null,
    templateVersion: null,
    createMs,
    sendMs: createMs,
    expireMs: createMs + 3_600_000,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    workflowRunId: null,
    idempotency: null,
    ...changes,
  }
}

/** An idempotency key with the hash of some request. */
export function idempotencyKey(key: string, requestHash: Uint8Array = randomBytes(32)): Draft['idempotency'] {
  return { key, requestHash }
}
