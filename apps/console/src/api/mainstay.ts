import { createMainstay, type Mainstay } from '@mainstay/sdk'
import { type ModeName, mode } from '../session/mode.ts'
import { projectSlug } from '../session/project.ts'

/** The SDK client of each mode. The session is an HttpOnly cookie, so there is no secret to hold here. */
const clients: Record<ModeName, Mainstay> = { test: connect('test'), live: connect('live') }

function connect(name: ModeName): Mainstay {
  return createMainstay({
    baseUrl: window.location.origin,
    project: () => projectSlug.get() || undefined,
    credentials: 'include',
    headers: { 'mainstay-mode': name },
    // The query client decides what is worth asking again: it knows whether anybody still looks.
    maxRetries: 0,
  })
}

/** The client of the mode the operator works in. */
export function mainstay(): Mainstay {
  return clients[mode.get()]
}

/** The client of one mode, whatever the operator works in. */
export function mainstayFor(name: ModeName): Mainstay {
  return clients[name]
}

/** What every cached answer hangs on: an answer of one project or mode must never show in another. */
export function useScope(): readonly [project: string, mode: ModeName] {
  return [projectSlug.use(), mode.use()]
}
