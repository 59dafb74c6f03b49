import { type DescMethod, getOption, type JsonObject, type JsonValue } from '@bufbuild/protobuf'
import { http } from '@mainstay/proto/google/api'
import { idempotent } from '@mainstay/proto/rpc/v1'

/** What a method looks like over REST. */
export interface Route {
  verb: string
  /** Whether a repeated call is harmless: it reads, or it carries an idempotency key. */
  idempotent: boolean
  /** Whether the method takes an `Idempotency-Key`. */
  takesKey: boolean
  build(message: JsonObject): { path: string; body: JsonValue | undefined }
}

const routes = new WeakMap<DescMethod, Route>()

/** Reads a method's `google.api.http` rule, once. */
export function routeOf(method: DescMethod): Route {
  const known = routes.get(method)
  if (known) return known
  const route = compile(method)
  routes.set(method, route)
  return route
}

function compile(method: DescMethod): Route {
  const rule = getOption(method, http)
  if (rule.pattern.case === undefined || rule.pattern.case === 'custom') {
    throw new Error(`${method.parent.typeName}/${method.name} has no HTTP rule`)
  }
  const template = rule.pattern.value
  const verb = rule.pattern.case.toUpperCase()
  const takesKey = getOption(method, idempotent)
  return {
    verb,
    takesKey,
    idempotent: takesKey || verb === 'GET' || verb === 'PUT' || verb === 'DELETE',
    build(message) {
      const rest = structuredClone(message)
      const path = template.replace(/\{([^}=]+)(=[^}]*)?\}/g, (_, field: string, pattern?: string) => {
        const value = takeField(rest, field.split('.').map(camelCase))
        // A multi-segment variable keeps its slashes (google.api.http: "reserved expansion").
        return pattern === undefined
          ? encodeURIComponent(value)
          : value.split('/').map(encodeURIComponent).join('/')
      })
      if (rule.body === '*') return { path, body: rest }
      let body: JsonValue | undefined
      if (rule.body !== '') {
        const field = camelCase(rule.body)
        body = rest[field] ?? {}
        delete rest[field]
      }
      const query = new URLSearchParams()
      appendQuery(query, '', rest)
      return { path: query.size > 0 ? `${path}?${query}` : path, body }
    },
  }
}

/** Removes a field from the message and returns it as text: what stands in the path does not stand in the body. */
function takeField(message: JsonObject, path: string[]): string {
  let owner = message
  for (const name of path.slice(0, -1)) {
    const next = owner[name]
    if (typeof next !== 'object' || next === null || Array.isArray(next)) throw missing(path)
    owner = next
  }
  const last = path.at(-1) as string
  const value = owner[last]
  if (value === undefined || value === null || value === '') throw missing(path)
  delete owner[last]
  return String(value)
}

function missing(path: string[]): TypeError {
  return new TypeError(`${path.join('.')} is empty; it stands in the path of the request`)
}

function appendQuery(query: URLSearchParams, prefix: string, value: JsonObject): void {
  for (const [name, field] of Object.entries(value)) {
    const key = prefix + name
    if (Array.isArray(field)) for (const item of field) query.append(key, String(item))
    else if (typeof field === 'object' && field !== null) appendQuery(query, `${key}.`, field)
    else query.append(key, String(field))
  }
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
