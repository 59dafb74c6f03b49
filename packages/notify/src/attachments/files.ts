import type { Executor } from '@mainstay/kernel'
import { LRUCache } from 'lru-cache'
import { onAbort } from '../providers/abort.ts'
import type { ProviderResult } from '../providers/adapter.ts'
import type { OutgoingAttachment } from '../providers/outgoing.ts'
import type { StoredAttachment } from '../rendering.ts'
import { findAttachment } from './store.ts'

/** Files of mails that are being sent. */
export interface AttachmentFiles {
  /** Reads a mail's files and sends it with them. Where they cannot be had nothing is sent, and the result says so. */
  send(
    projectId: string,
    stored: readonly StoredAttachment[],
    signal: AbortSignal,
    send: (files: readonly OutgoingAttachment[]) => Promise<ProviderResult>,
  ): Promise<ProviderResult>
}

/** What files of mails under way may weigh together in one process; the rest waits its turn. A mail's encoding is a third more. */
const BUDGET_BYTES = 64 * 1024 * 1024
/** What is kept of files that many mails share. */
const CACHE_BYTES = 32 * 1024 * 1024

const GONE = 'An attachment is no longer stored: files are kept as long as the messages that have them.'

export function createAttachmentFiles(db: Executor): AttachmentFiles {
  const budget = createBudget(BUDGET_BYTES)
  const cache = new LRUCache<string, Buffer, { projectId: string; hash: string }>({
    maxSize: CACHE_BYTES,
    sizeCalculation: (content) => Math.max(1, content.length),
    fetchMethod: (_key, _stale, { context }) => findAttachment(db, context.projectId, context.hash),
  })

  async function read(projectId: string, stored: readonly StoredAttachment[]) {
    const files: OutgoingAttachment[] = []
    for (const { hash, size: _size, ...names } of stored) {
      const content = await cache.fetch(`${projectId} ${hash}`, { context: { projectId, hash } })
      if (content === undefined) return undefined
      files.push({ ...names, content })
    }
    return files
  }

  return {
    async send(projectId, stored, signal, send) {
      const bytes = stored.reduce((sum, { size }) => sum + size, 0)
      const release = await budget.take(bytes, signal)
      if (release === undefined) {
        return { outcome: 'rejected_transient', reply: 'not sent: it waited for memory for its attachments' }
      }
      try {
        const files = await read(projectId, stored)
        return files === undefined ? { outcome: 'rejected_permanent', reply: GONE } : await send(files)
      } finally {
        release()
      }
    },
  }
}

/** Bytes that are handed out in the order of asking; one that asks for more than there is gets all of it, alone. */
function createBudget(total: number) {
  let free = total
  const waiting: { bytes: number; start(): void }[] = []

  function serve(): void {
    for (let next = waiting[0]; next !== undefined && next.bytes <= free; next = waiting[0]) {
      waiting.shift()
      free -= next.bytes
      next.start()
    }
  }

  return {
    /** Resolves with what gives them back; with undefined when the signal aborts first. */
    take(wanted: number, signal: AbortSignal): Promise<(() => void) | undefined> {
      const bytes = Math.min(wanted, total)
      return new Promise((resolve) => {
        const entry = {
          bytes,
          start(): void {
            leave()
            resolve(() => {
              free += bytes
              serve()
            })
          },
        }
        waiting.push(entry)
        const leave = onAbort(signal, () => {
          waiting.splice(waiting.indexOf(entry), 1)
          resolve(undefined)
          serve()
        })
        serve()
      })
    },
  }
}
