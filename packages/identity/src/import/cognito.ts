import { IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import {
  flagOf,
  type ImportedRow,
  identifierOf,
  type Json,
  newUser,
  rowOf,
  textOf,
  usernameOf,
} from './user.ts'

/** Users of Cognito, by the CSV that its import takes as well. It gives nobody the hashes of passwords. */
export function readCognito(records: readonly Json[]): ImportedRow[] {
  return records.map((record) => {
    const externalId = textOf(record, 'cognito:username')
    return rowOf(externalId, () => {
      const user = newUser(externalId)
      const parts = [textOf(record, 'given_name'), textOf(record, 'family_name')]
      user.displayName = textOf(record, 'name') || parts.filter(Boolean).join(' ')
      user.locale = textOf(record, 'locale')
      user.identifiers.push(
        ...identifierOf(IdentifierType.EMAIL, textOf(record, 'email'), flagOf(record, 'email_verified')),
        ...identifierOf(
          IdentifierType.PHONE,
          textOf(record, 'phone_number'),
          flagOf(record, 'phone_number_verified'),
        ),
      )
      // A name that Cognito made up is a UUID, and nobody signs in by it.
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(externalId)) usernameOf(user, externalId)
      for (const [key, value] of Object.entries(record)) {
        if (key.startsWith('custom:') && value !== '') user.attributes[key.slice('custom:'.length)] = value
      }
      return user
    })
  })
}
