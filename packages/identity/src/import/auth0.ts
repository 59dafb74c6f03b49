import { IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import {
  flagOf,
  type ImportedPassword,
  type ImportedRow,
  identifierOf,
  isObject,
  type Json,
  newUser,
  RowError,
  rowOf,
  textOf,
  usernameOf,
} from './user.ts'

/**
 * Users of Auth0: the export of its Management API (`user_id`), the one with password hashes that its support makes (`_id.$oid`,
 * `passwordHash`), and the schema of its bulk import (`password_hash`, `custom_password_hash`).
 */
export function readAuth0(records: readonly Json[]): ImportedRow[] {
  return records.map((record) => {
    const oid = isObject(record._id) ? record._id.$oid : record._id
    const externalId = [record.user_id, record.id, record.Id, oid].find((id) => typeof id === 'string') ?? ''
    return rowOf(String(externalId), () => readUser(String(externalId), record))
  })
}

function readUser(externalId: string, record: Json) {
  const user = newUser(externalId)
  const text = (...keys: string[]) =>
    keys.map((key) => textOf(record, key)).find((value) => value !== '') ?? ''
  const parts = [text('given_name', 'Given Name'), text('family_name', 'Family Name')]
  user.displayName = text('name', 'Name') || parts.filter(Boolean).join(' ') || text('nickname', 'Nickname')
  user.locale = text('locale', 'Locale')
  const emailVerified = flagOf(record, 'email_verified') || flagOf(record, 'Email Verified')
  const phoneVerified = flagOf(record, 'phone_verified') || flagOf(record, 'phone_number_verified')
  user.identifiers.push(
    ...identifierOf(IdentifierType.EMAIL, text('email', 'Email'), emailVerified),
    ...identifierOf(IdentifierType.PHONE, text('phone_number', 'phone'), phoneVerified),
  )
  // Without a name of their own, Auth0 gives the email address.
  if (user.identifiers.some(({ value }) => value === user.displayName.toLowerCase())) user.displayName = ''
  usernameOf(user, text('username'))
  user.disabled = flagOf(record, 'blocked')
  for (const key of ['user_metadata', 'app_metadata']) {
    const value = record[key]
    if (isObject(value) && Object.keys(value).length > 0) user.attributes[key] = value
  }
  user.password = readPassword(record)
  if (isObject(record.custom_password_hash) && user.password === undefined) {
    user.leftOut.push('the password, whose hash is of a kind that is not known')
  }
  return user
}

function readPassword(record: Json): ImportedPassword | undefined {
  const custom = isObject(record.custom_password_hash) ? record.custom_password_hash : undefined
  const nested = custom && isObject(custom.hash) ? textOf(custom.hash, 'value') : ''
  const algorithm = custom ? textOf(custom, 'algorithm') : 'bcrypt'
  const hash = textOf(record, 'passwordHash') || textOf(record, 'password_hash') || nested
  if (hash === '') return undefined
  if (algorithm === 'argon2' && /^\$argon2(id|i|d)\$/.test(hash))
    return { scheme: 'argon2', hash, parameters: {} }
  if (algorithm !== 'bcrypt') return undefined
  if (!/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash))
    throw new RowError('Its password hash is no bcrypt hash.')
  return { scheme: 'bcrypt', hash, parameters: {} }
}
