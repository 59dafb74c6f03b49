import { createHmac, timingSafeEqual } from 'node:crypto'
import { appError, reasons } from './errors.ts'

/** What a page token is good for: the same list, of the same project, with the same filters. */
export interface PageScope {
  /** The method's full name, `mainstay.notify.v1.Notify/ListMessages`: the same over every protocol. */
  method: string
  /** Empty for lists that belong to no project. */
  projectId: string
  /** Everything in the request that decides which rows are listed and in which order; not the page size. */
  filter?: unknown
}

/** Where a page ended: the sort key of its last row, as values that JSON keeps. */
export type PagePosition = readonly (string | number | boolean | null)[]

export interface PageTokens {
  issue(scope: PageScope, position: PagePosition): string
  /**
   * The position inside a token, or undefined for the empty token of a first page. Throws
   * `kernel.page_token_invalid` when we did not issue it, or issued it for another list, project or filter.
   */
  read(scope: PageScope, token: string): PagePosition | undefined
  /**
   * Cuts the rows of a query for `limit + 1` into a page. The extra row only says that there is more; it is
   * cheaper than a count and cannot disagree with the rows.
   */
  cut<R>(scope: PageScope, rows: R[], limit: number, position: (last: R) => PagePosition): Page<R>
}

export interface Page<R> {
  rows: R[]
  /** Empty on the last page. */
  nextPageToken: string
}

/** The number of rows a `page_size` asks for: 0 means 50, at most 500. */
export function pageLimit(pageSize: number): number {
  return pageSize > 0 ? Math.min(pageSize, 500) : 50
}

/**
 * Makes opaque tokens for keyset paging: a truncated HMAC-SHA256 (128 bits, RFC 2104 §5) and the position.
 *
 * The signature lets a list trust the position as it would its own: nobody can walk to a row that the filters
 * exclude, or carry a position into another project. The position is readable to whoever holds the token, so it
 * may only hold what the page itself showed.
 *
 * @param secret at least 32 bytes, the same in every process.
 */
export function createPageTokens(secret: Uint8Array): PageTokens {
  if (secret.length < 32) throw new TypeError('Page tokens need a secret of at least 32 bytes')
  const sign = (scope: PageScope, payload: Uint8Array): Buffer =>
    createHmac('sha256', secret)
      .update(JSON.stringify(['page/1', scope.method, scope.projectId, canonical(scope.filter)]))
      .update('\n')
      .update(payload)
      .digest()
      .subarray(0, MAC_BYTES)

  const tokens: PageTokens = {
    issue(scope, position) {
      const payload = Buffer.from(JSON.stringify(position))
      return Buffer.concat([sign(scope, payload), payload]).toString('base64url')
    },
    read(scope, token) {
      if (token === '') return
      const bytes = Buffer.from(token, 'base64url')
      const payload = bytes.subarray(MAC_BYTES)
      // Node skips characters outside the alphabet; a token with such is not one of ours.
      if (payload.length === 0 || bytes.toString('base64url') !== token) throw invalidToken()
      if (!timingSafeEqual(bytes.subarray(0, MAC_BYTES), sign(scope, payload))) throw invalidToken()
      return JSON.parse(payload.toString()) as PagePosition
    },
    cut(scope, rows, limit, position) {
      const last = rows[limit - 1]
      if (rows.length <= limit || last === undefined) return { rows, nextPageToken: '' }
      return { rows: rows.slice(0, limit), nextPageToken: tokens.issue(scope, position(last)) }
    },
  }
  return tokens
}

const MAC_BYTES = 16

function invalidToken() {
  return appError(
    reasons,
    'kernel.page_token_invalid',
    'This page token is not valid for this list. Use the next_page_token of the page before, with the same filters, ' +
      'or leave it out to start again.',
    { violations: [{ field: 'pageToken', description: 'is not a token that this list gave out' }] },
  )
}

/** The same value for the same filter, whatever the order its fields were written in; absent equals undefined. */
function canonical(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Date || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(canonical)
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, canonical(field)])
}
