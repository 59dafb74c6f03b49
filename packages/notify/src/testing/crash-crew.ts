import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Db, toTypeId } from '@mainstay/kernel'
import { waitFor } from '@mainstay/kernel/testing'
import { MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import { mayFollow } from '../message-state.ts'
import { queueMessages } from './ledger.ts'

export interface CrashOptions {
  messages: number
  workers: number
  /** A random worker is killed this often, on average. */
  killEveryMs: number
  /** Kills at the most; starting a worker takes a second of a processor. Default: no limit. */
  mostKills?: number
  leaseMs: number
  timeoutMs: number
}

/** Worker processes that are killed at random. `target` is where they deliver to: `smtp://…` or `http://…`. */
export function createCrew(options: CrashOptions, url: string, target: string) {
  const { workers, killEveryMs, mostKills = Number.POSITIVE_INFINITY, leaseMs, timeoutMs } = options
  const main = fileURLToPath(new URL('./crash-worker-main.ts', import.meta.url))
  const crew = new Set<ChildProcess>()
  // Killing one that has not begun proves nothing.
  const atWork = new Set<ChildProcess>()
  function hire(): void {
    const child = spawn(process.execPath, [main, url, target, String(leaseMs)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    crew.add(child)
    child.stdout.once('data', () => atWork.add(child))
    child.once('exit', () => crew.delete(child))
  }
  return {
    /** Kills workers at random and replaces them until the work is done. Returns how many were killed. */
    async workUntil(isDone: () => Promise<boolean>): Promise<number> {
      for (let count = 0; count < workers; count++) hire()
      let kills = 0
      let over = false
      const murder = (async () => {
        while (!over && kills < mostKills) {
          await delay(killEveryMs * (0.5 + Math.random()))
          const victim = [...atWork][Math.floor(Math.random() * atWork.size)]
          if (over || victim === undefined) continue
          atWork.delete(victim)
          victim.kill('SIGKILL')
          kills++
          hire()
        }
      })()
      await waitFor(isDone, { timeoutMs, everyMs: 50, what: 'every message to be settled' }).finally(() => {
        over = true
      })
      await murder
      return kills
    },
    async stop(): Promise<void> {
      for (const child of crew) child.kill('SIGKILL')
      await waitFor(() => crew.size === 0)
    },
  }
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

/** Every change that was written down is an allowed one. */
export async function checkTransitions(db: Db): Promise<void> {
  const { rows } = await db.query<{ from: MessageState; to: MessageState }>({
    text: 'SELECT DISTINCT from_state AS from, to_state AS to FROM state_changes',
  })
  for (const { from, to } of rows) {
    assert.ok(mayFollow(from, to), `a message went from ${MessageState[from]} to ${MessageState[to]}`)
  }
}
