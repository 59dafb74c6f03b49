import { IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import {
  flagOf,
  type ImportedRow,
  type ImportedUser,
  identifierOf,
  isBase64,
  isObject,
  type Json,
  newUser,
  RowError,
  rowOf,
  textOf,
} from './user.ts'

/** With what a Firebase project hashes passwords; its console shows them. */
export interface FirebaseScrypt {
  signerKey: string
  saltSeparator: string
  rounds: number
  memCost: number
}

/** Users of `firebase auth:export users.json`. */
export function readFirebase(records: readonly Json[], scrypt: FirebaseScrypt | undefined): ImportedRow[] {
  return records.map((record) => {
    const externalId = typeof record.localId === 'string' ? record.localId : ''
    return rowOf(externalId, () => readUser(externalId, record, scrypt))
  })
}

/** The columns of `firebase auth:export users.csv`, which has no first line of names. Those that are not read have none. */
const COLUMNS: Record<number, string> = {
  0: 'localId',
  1: 'email',
  2: 'emailVerified',
  3: 'passwordHash',
  4: 'salt',
  5: 'displayName',
  25: 'phoneNumber',
  26: 'disabled',
  27: 'customAttributes',
}
const LEAST_COLUMNS = 26

export function firebaseRecord(fields: readonly string[]): Json {
  if (fields.length < LEAST_COLUMNS) return {}
  return Object.fromEntries(
    Object.entries(COLUMNS).map(([index, name]) => [name, fields[Number(index)] ?? '']),
  )
}

function readUser(externalId: string, record: Json, scrypt: FirebaseScrypt | undefined): ImportedUser {
  const user = newUser(externalId)
  user.displayName = textOf(record, 'displayName')
  user.disabled = flagOf(record, 'disabled')
  user.identifiers.push(
    ...identifierOf(IdentifierType.EMAIL, textOf(record, 'email'), flagOf(record, 'emailVerified')),
    // Firebase keeps only numbers that a code was sent to.
    ...identifierOf(IdentifierType.PHONE, textOf(record, 'phoneNumber'), true),
  )
  const claims = textOf(record, 'customAttributes')
  if (claims !== '') user.attributes.customClaims = readClaims(claims)
  const hash = textOf(record, 'passwordHash')
  if (hash === '') return user
  if (scrypt === undefined) {
    user.leftOut.push('the password: the parameters of the project’s scrypt were not given')
    return user
  }
  const salt = textOf(record, 'salt')
  if (!isBase64(hash) || !isBase64(salt)) throw new RowError('Its password hash or salt is no base64.')
  const { signerKey, saltSeparator, rounds, memCost } = scrypt
  user.password = {
    ...{ scheme: 'firebase-scrypt', hash, secret: signerKey },
    parameters: { salt, saltSeparator, rounds, memCost },
  }
  return user
}

function readClaims(text: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new RowError('Its customAttributes are no JSON object.')
}
