import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CommandError, EXIT } from './failure.ts'

/** Where the server is and which key to show it. */
export interface Connection {
  url: string
  apiKey: string | undefined
}

/**
 * Finds the server and the key: first the flags, then `MAINSTAY_URL` and `MAINSTAY_API_KEY`, then the development
 * key that a local server keeps in its data folder (`MAINSTAY_HOME`, default `.mainstay` here).
 */
export function findConnection(flags: { url?: string; key?: string }): Connection {
  return {
    url: findNamedUrl(flags) ?? 'http://127.0.0.1:8080',
    apiKey: flags.key || process.env.MAINSTAY_API_KEY || readDevKey(),
  }
}

/** The address that the person named, or undefined where the default stands. What is no address is refused. */
export function findNamedUrl(flags: { url?: string }): string | undefined {
  const named = flags.url || process.env.MAINSTAY_URL
  if (!named) return undefined
  if (/^https?:$/.test(URL.parse(named)?.protocol ?? '')) return named.replace(/\/+$/, '')
  const source = flags.url ? '--url' : 'MAINSTAY_URL'
  throw new CommandError(`${source} is "${named}". Write it as https://mainstay.example.com.`, EXIT.usage)
}

function readDevKey(): string | undefined {
  const home = resolve(process.env.MAINSTAY_HOME || '.mainstay')
  try {
    return readFileSync(join(home, 'dev-key'), 'utf8').trim()
  } catch (error) {
    // No local server has run here, or its folder belongs to someone else: then there is no key to offer.
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined
    throw error
  }
}
