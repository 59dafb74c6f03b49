import type { DescService } from '@bufbuild/protobuf'
import { Access } from '@mainstay/proto/access/v1'
import { Notify } from '@mainstay/proto/notify/v1'
import { System } from '@mainstay/proto/system/v1'
import { type Client, createConnector, type Mainstay } from '@mainstay/sdk'
import { type ModeName, mode } from '../session/mode.ts'
import { projectSlug } from '../session/project.ts'

/** What every page may need. The other services come with the pages that call them: see `serviceOf`. */
type Everywhere = Pick<Mainstay, 'access' | 'notify' | 'system'>

/** The SDK's clients in each mode. The session is an HttpOnly cookie, so there is no secret to hold here. */
const connectors = { test: connect('test'), live: connect('live') }
const clients: Record<ModeName, Everywhere> = {
  test: everywhere(connectors.test),
  live: everywhere(connectors.live),
}

function connect(name: ModeName) {
  return createConnector({
    baseUrl: window.location.origin,
    project: () => projectSlug.get() || undefined,
    credentials: 'include',
    headers: { 'mainstay-mode': name },
    // The query client decides what is worth asking again: it knows whether anybody still looks.
    maxRetries: 0,
  })
}

function everywhere(client: ReturnType<typeof connect>): Everywhere {
  return { access: client(Access), notify: client(Notify), system: client(System) }
}

/** The client of the mode the operator works in. */
export function mainstay(): Everywhere {
  return clients[mode.get()]
}

/** The client of one mode, whatever the operator works in. */
export function mainstayFor(name: ModeName): Everywhere {
  return clients[name]
}

/**
 * A client of a service that only some pages call, in the mode the operator works in unless another is named. Its contract is
 * loaded with the page that imports it, not with the first one.
 */
export function serviceOf<S extends DescService>(service: S, name: ModeName = mode.get()): Client<S> {
  return connectors[name](service)
}

/** What every cached answer hangs on: an answer of one project or mode must never show in another. */
export function useScope(): readonly [project: string, mode: ModeName] {
  return [projectSlug.use(), mode.use()]
}
