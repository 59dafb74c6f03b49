import { IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import { type CanonicalIdentifier, possibleIdentifiers } from '../identifiers.ts'

/** A password's hash as its source wrote it. */
export interface ImportedPassword {
  scheme: 'bcrypt' | 'argon2' | 'pbkdf2' | 'firebase-scrypt'
  hash: string
  /** What the hash does not say itself. Nothing secret. */
  parameters: Record<string, string | number>
  /** What must not be readable in the database. Unset: nothing. */
  secret?: string
}

export interface ImportedIdentifier extends CanonicalIdentifier {
  verified: boolean
}

/** Somebody from elsewhere, in our words. */
export interface ImportedUser {
  externalId: string
  displayName: string
  locale: string
  attributes: Record<string, unknown>
  identifiers: ImportedIdentifier[]
  /** They may not sign in there. */
  disabled: boolean
  password?: ImportedPassword | undefined
  /** What of the row was left out, in words. */
  leftOut: string[]
}

/** One row of a file: a user, or why it is none. */
export type ImportedRow = { externalId: string } & ({ user: ImportedUser } | { refusal: string })

/** A row that cannot be taken in, and why, in words. */
export class RowError extends Error {}

/** The row that `read` makes of a record; what it refuses keeps no other row out. */
export function rowOf(externalId: string, read: () => ImportedUser): ImportedRow {
  if (externalId === '') return { externalId, refusal: 'It has no id.' }
  if (externalId.length > 256)
    return { externalId: externalId.slice(0, 256), refusal: 'Its id has more than 256 characters.' }
  try {
    return { externalId, user: read() }
  } catch (error) {
    if (error instanceof RowError) return { externalId, refusal: error.message }
    throw error
  }
}

/** An identifier of a row. One that is not well formed is refused with the row: nobody could sign in by what is left. */
export function identifierOf(type: IdentifierType, text: string, verified: boolean): ImportedIdentifier[] {
  if (text === '') return []
  const found = possibleIdentifiers(text).find((one) => one.type === type)
  if (found === undefined)
    throw new RowError(`Its ${WORDS[type] ?? 'identifier'} is not one that can be signed in by.`)
  return [{ ...found, verified }]
}

/** A name of a row. One that we have no room for is left out, and said. */
export function usernameOf(user: ImportedUser, text: string): void {
  if (text === '') return
  const found = possibleIdentifiers(text)
  // Many use the email address for the name.
  if (found.some(({ value }) => user.identifiers.some((one) => one.value === value))) return
  const name = found.find(({ type }) => type === IdentifierType.USERNAME)
  if (name === undefined) user.leftOut.push('the user name, which is not 3 to 40 plain characters')
  else user.identifiers.push({ ...name, verified: true })
}

export function newUser(externalId: string): ImportedUser {
  const nothing = { displayName: '', locale: '', attributes: {}, identifiers: [], leftOut: [] }
  return { externalId, ...structuredClone(nothing), disabled: false }
}

const WORDS: Partial<Record<IdentifierType, string>> = {
  [IdentifierType.PHONE]: 'phone number',
  [IdentifierType.EMAIL]: 'email address',
}

/** An object of a file that nobody has looked at. */
export type Json = Record<string, unknown>

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text of an object; empty when there is none. Throws `RowError` for anything else. */
export function textOf(object: Json, key: string): string {
  const value = Object.hasOwn(object, key) ? object[key] : undefined
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new RowError(`Its ${key} is no text.`)
  return value
}

/** Yes or no of an object or a CSV; no when there is none. */
export function flagOf(object: Json, key: string): boolean {
  const value = Object.hasOwn(object, key) ? object[key] : undefined
  if (value === undefined || value === null || value === '') return false
  if (typeof value === 'boolean') return value
  if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true'
  throw new RowError(`Its ${key} is neither true nor false.`)
}

export function isBase64(text: string): boolean {
  return text !== '' && /^[A-Za-z0-9+/_-]+={0,2}$/.test(text)
}
