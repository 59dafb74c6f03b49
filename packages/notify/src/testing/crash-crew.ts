import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Db, toTypeId } from '@mainstay/kernel'
import { type Crew, type CrewOptions, createCrew } from '@mainstay/kernel/testing'
import { MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import { mayFollow } from '../message-state.ts'
import { queueMessages } from './ledger.ts'

export interface CrashOptions extends Omit<CrewOptions, 'hire'> {
  messages: number
  leaseMs: number
  timeoutMs: number
  /** What a worker process runs. Default: one that only delivers. */
  main?: URL
}

/** Workers that deliver to `target`: `smtp://…` or `http://…`. */
export function createWorkers(options: CrashOptions, url: string, target: string): Crew {
  const main = fileURLToPath(options.main ?? new URL('./crash-worker-main.ts', import.meta.url))
  return createCrew({
    ...options,
    hire() {
      const child = spawn(process.execPath, [main, url, target, String(options.leaseMs)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      return { process: child, ready: once(child.stdout, 'data') }
    },
  })
}

/** Writes down every change of a message's state, to be checked against the allowed ones. */
export async function watchStates(db: Db): Promise<void> {
  await db.query({
    text: `CREATE TABLE state_changes (message_id uuid, from_state smallint, to_state smallint);
      CREATE FUNCTION note_state_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO state_changes VALUES (NEW.message_id, OLD.state, NEW.state);
        RETURN NULL;
      END $$;
      CREATE TRIGGER note_state_change AFTER UPDATE ON notify.messages FOR EACH ROW
        WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION note_state_change()`,
  })
}

/** Half may be sent at most once, half at least once; all classes. Returns each message's policy by its `msg_…` id. */
export async function queueAll(db: Db, count: number): Promise<Map<string, UnknownPolicy>> {
  const policies = new Map<string, UnknownPolicy>()
  for (let from = 0; from < count; from += 1000) {
    const batch = Array.from({ length: Math.min(1000, count - from) }, (_, index) => ({
      lane: 1 + ((from + index) % 3),
      unknownPolicy: index % 2 === 0 ? UnknownPolicy.AT_MOST_ONCE : UnknownPolicy.AT_LEAST_ONCE,
    }))
    const ids = await queueMessages(db, batch)
    ids.forEach((id, index) => {
      policies.set(toTypeId('msg', id), batch[index]?.unknownPolicy ?? UnknownPolicy.UNSPECIFIED)
    })
  }
  return policies
}

/** Changes that were written down and are not allowed: `SENT to ACCEPTED`. */
export async function findWrongTransitions(db: Pick<Db, 'query'>): Promise<string[]> {
  const { rows } = await db.query<{ from: MessageState; to: MessageState }>({
    text: 'SELECT DISTINCT from_state AS from, to_state AS to FROM state_changes',
  })
  return rows
    .filter(({ from, to }) => !mayFollow(from, to))
    .map(({ from, to }) => `${MessageState[from]} to ${MessageState[to]}`)
}
