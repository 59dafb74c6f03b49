import { type AppError, appError } from '@mainstay/kernel'
import { ImportFormat } from '@mainstay/proto/identity/v1/accounts'
import { reasons } from '../errors.ts'
import { readAuth0 } from './auth0.ts'
import { readCognito } from './cognito.ts'
import { CsvError, parseCsv } from './csv.ts'
import { type FirebaseScrypt, firebaseRecord, readFirebase } from './firebase.ts'
import { readKeycloak } from './keycloak.ts'
import { type ImportedRow, isObject, type Json } from './user.ts'

export const MOST_ROWS = 1000

/**
 * The users of a file, in its order. What begins with `[` or `{` is JSON, or one JSON object a line; anything else is CSV. Throws
 * `identity.import_invalid` for what is no such file; a row that is wrong is refused by itself.
 */
export function readImport(
  format: ImportFormat,
  content: string,
  scrypt: FirebaseScrypt | undefined,
): ImportedRow[] {
  const records = /^\uFEFF?\s*[[{]/.test(content) ? jsonRecords(content) : csvRecords(format, content)
  if (records.length > MOST_ROWS) {
    throw importInvalid(`It has ${records.length} users. Send at most ${MOST_ROWS} at a time.`)
  }
  switch (format) {
    case ImportFormat.AUTH0:
      return readAuth0(records)
    case ImportFormat.KEYCLOAK:
      return readKeycloak(records)
    case ImportFormat.FIREBASE:
      return readFirebase(records, scrypt)
    default:
      return readCognito(records)
  }
}

function jsonRecords(content: string): Json[] {
  const text = content.replace(/^\uFEFF/, '').trim()
  const whole = tryJson(text)
  if (whole === undefined) return lineRecords(text)
  const users = isObject(whole) && Array.isArray(whole.users) ? whole.users : whole
  const list: unknown[] = Array.isArray(users) ? users : [users]
  const bad = list.findIndex((one) => !isObject(one))
  if (bad >= 0) throw importInvalid(`User ${bad + 1} is no JSON object.`)
  return list.filter(isObject)
}

/** One object a line, as Auth0 writes them. */
function lineRecords(text: string): Json[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      const value = tryJson(line)
      if (isObject(value)) return value
      throw importInvalid(
        `It is neither one JSON document nor one JSON object a line: see line ${index + 1}.`,
      )
    })
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function csvRecords(format: ImportFormat, content: string): Json[] {
  let rows: string[][]
  try {
    rows = parseCsv(content)
  } catch (error) {
    if (error instanceof CsvError) throw importInvalid(`${error.message}.`)
    throw error
  }
  if (format === ImportFormat.KEYCLOAK) throw importInvalid('Keycloak exports JSON.')
  if (format === ImportFormat.FIREBASE) return rows.map(firebaseRecord)
  const [names = [], ...records] = rows
  const idColumn = format === ImportFormat.COGNITO ? ['cognito:username'] : ['user_id', 'id', 'Id']
  if (!idColumn.some((name) => names.includes(name))) {
    throw importInvalid(`Its first line names no column ${idColumn.join(' or ')}.`)
  }
  return records.map((fields, index) => {
    if (fields.length !== names.length) {
      throw importInvalid(
        `Record ${index + 2} has ${fields.length} fields, and the first line ${names.length}.`,
      )
    }
    return Object.fromEntries(names.map((name, column) => [name, fields[column]]))
  })
}

function importInvalid(description: string): AppError {
  return appError(reasons, 'identity.import_invalid', 'This file cannot be taken in: see the details.', {
    violations: [{ field: 'content', description }],
  })
}
