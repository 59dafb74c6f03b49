import { IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import {
  flagOf,
  type ImportedPassword,
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
  usernameOf,
} from './user.ts'

/** Users of a Keycloak realm export (`kc.sh export`), of before version 8 and after. */
export function readKeycloak(records: readonly Json[]): ImportedRow[] {
  return records.map((record) => {
    const externalId = typeof record.id === 'string' ? record.id : ''
    return rowOf(externalId, () => readUser(externalId, record))
  })
}

/** Where realms keep phone numbers: there is no field for them. */
const PHONE_ATTRIBUTES = ['phoneNumber', 'phone_number', 'phone', 'mobile']

function readUser(externalId: string, record: Json): ImportedUser {
  const user = newUser(externalId)
  user.displayName = [textOf(record, 'firstName'), textOf(record, 'lastName')].filter(Boolean).join(' ')
  user.identifiers.push(
    ...identifierOf(IdentifierType.EMAIL, textOf(record, 'email'), flagOf(record, 'emailVerified')),
  )
  user.disabled = Object.hasOwn(record, 'enabled') && !flagOf(record, 'enabled')
  const attributes = isObject(record.attributes) ? { ...record.attributes } : {}
  for (const key of PHONE_ATTRIBUTES) {
    const phone = firstOf(attributes[key])
    if (phone === '' || user.identifiers.some(({ type }) => type === IdentifierType.PHONE)) continue
    const verified = firstOf(attributes[`${key}Verified`]) === 'true'
    user.identifiers.push(...identifierOf(IdentifierType.PHONE, phone, verified))
    delete attributes[key]
    delete attributes[`${key}Verified`]
  }
  user.locale = firstOf(attributes.locale)
  delete attributes.locale
  for (const [key, value] of Object.entries(attributes)) user.attributes[key] = oneOrAll(value)
  usernameOf(user, textOf(record, 'username'))
  const credentials = Array.isArray(record.credentials) ? record.credentials.filter(isObject) : []
  const password = credentials.find(({ type }) => type === 'password')
  if (password) {
    user.password = readPassword(password)
    if (user.password === undefined)
      user.leftOut.push('the password, whose hash is of a kind that is not known')
  }
  if (credentials.some(({ type }) => type === 'otp')) user.leftOut.push('the authenticator app')
  return user
}

function readPassword(credential: Json): ImportedPassword | undefined {
  const secret = innerOf(credential, 'secretData')
  const data = innerOf(credential, 'credentialData')
  const hash = textOf(secret, 'value') || textOf(credential, 'hashedSaltedValue')
  const salt = textOf(secret, 'salt') || textOf(credential, 'salt')
  const algorithm = textOf(data, 'algorithm') || textOf(credential, 'algorithm')
  const iterations = Number(data.hashIterations ?? credential.hashIterations)
  if (!isBase64(hash) || !isBase64(salt)) throw new RowError('Its password hash or salt is no base64.')
  const digest = DIGESTS[algorithm]
  if (digest !== undefined) {
    if (!Number.isInteger(iterations) || iterations < 1 || iterations > 10_000_000) {
      throw new RowError('Its password has no sensible number of iterations.')
    }
    const length = Buffer.from(hash, 'base64').length
    return { scheme: 'pbkdf2', hash, parameters: { salt, iterations, digest, length } }
  }
  return algorithm === 'argon2' ? readArgon2(data, { hash, salt, iterations }) : undefined
}

const DIGESTS: Record<string, string | undefined> = {
  pbkdf2: 'sha1',
  'pbkdf2-sha256': 'sha256',
  'pbkdf2-sha512': 'sha512',
}

/** Keycloak's default since version 25, written as the PHC string that every argon2 library reads. */
function readArgon2(
  data: Json,
  { hash, salt, iterations }: { hash: string; salt: string; iterations: number },
): ImportedPassword {
  const more = isObject(data.additionalParameters) ? data.additionalParameters : {}
  const numberOf = (key: string) => Number(firstOf(more[key]))
  const [memory, lanes] = [numberOf('memory'), numberOf('parallelism')]
  const type = firstOf(more.type) || 'id'
  const version = firstOf(more.version) === '1.0' ? 16 : 19
  const isSensible = [memory, lanes, iterations].every((number) => Number.isInteger(number) && number > 0)
  if (
    !isSensible ||
    memory > 1_048_576 ||
    lanes > 64 ||
    iterations > 1000 ||
    !['id', 'i', 'd'].includes(type)
  ) {
    throw new RowError('Its password has no sensible argon2 parameters.')
  }
  const plain = (text: string) => Buffer.from(text, 'base64').toString('base64').replace(/=+$/, '')
  const phc = `$argon2${type}$v=${version}$m=${memory},t=${iterations},p=${lanes}$${plain(salt)}$${plain(hash)}`
  return { scheme: 'argon2', hash: phc, parameters: {} }
}

/** JSON that stands in JSON as a text. */
function innerOf(credential: Json, key: string): Json {
  const text = textOf(credential, key)
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new RowError(`Its ${key} is no JSON.`)
}

function firstOf(value: unknown): string {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' || typeof first === 'number' ? String(first) : ''
}

function oneOrAll(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value
}
