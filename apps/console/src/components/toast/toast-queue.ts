import type { ExternalToast } from 'sonner'

/** Something to say in a corner. */
export interface Toast {
  kind: 'plain' | 'success' | 'error'
  text: string
  options: ExternalToast | undefined
}

let waiting: readonly Toast[] = []
const listeners = new Set<() => void>()

export function ask(toast: Toast): void {
  waiting = [...waiting, toast]
  for (const listener of listeners) listener()
}

/** What was asked for and is not on screen yet. */
export const readWaiting = (): readonly Toast[] => waiting

/** The same, and forgets it: whoever takes a toast shows it. */
export function takeWaiting(): readonly Toast[] {
  const taken = waiting
  waiting = []
  return taken
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
