import { type AppError, appError } from '@mainstay/kernel'
import { mixesScripts, normaliseAddress, toPhoneNumber } from '@mainstay/notify'
import { IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import { reasons } from './errors.ts'

/** What an account signs in by, in its canonical form: two spellings of one address are one identifier. */
export interface CanonicalIdentifier {
  type: IdentifierType
  value: string
}

/**
 * The canonical form of what a person typed.
 *
 * - Phone numbers: E.164, of any spelling for people. Digits outside ASCII are refused, not folded: what a person sees and
 *   what is dialled must be the same.
 * - Email: in lower case, the host in Punycode. RFC 5321 §2.4 lets local parts differ by case; no provider does, and two
 *   accounts that differ by case are how people are impersonated. A host that mixes scripts, or a `＠` that is none, is refused.
 * - Names: NFKC and lower case (UTS 46 leaves nothing else of them), 3 to 40 letters, digits, `.`, `_`, `-` of ASCII, so that no
 *   name looks like another.
 *
 * Throws `identity.identifier_invalid` with the path of `field`.
 */
export function canonicalIdentifier(type: IdentifierType, text: string, field: string): CanonicalIdentifier {
  switch (type) {
    case IdentifierType.PHONE: {
      const value = toPhoneNumber(text.trim())
      if (value === undefined)
        throw invalid(field, 'must be a phone number with its country code: +4917012345678')
      return { type, value }
    }
    case IdentifierType.EMAIL: {
      const value = normaliseAddress(text.trim())?.toLowerCase()
      if (value === undefined || mixesScripts(value.slice(value.lastIndexOf('@') + 1))) {
        throw invalid(field, 'must be an email address: plain letters before the @, and a host of one script')
      }
      return { type, value }
    }
    case IdentifierType.USERNAME: {
      const value = text.trim().normalize('NFKC').toLowerCase()
      if (!USERNAME.test(value)) {
        throw invalid(
          field,
          'must be 3 to 40 letters, digits, dots, dashes or underscores, beginning with a letter',
        )
      }
      return { type, value }
    }
    default:
      throw invalid(field, 'must say what it is: a phone number, an email address or a name')
  }
}

/** The canonical forms that a text may have, for a search. Empty when it can be none. */
export function possibleIdentifiers(text: string): CanonicalIdentifier[] {
  const types = [IdentifierType.PHONE, IdentifierType.EMAIL, IdentifierType.USERNAME]
  return types.flatMap((type) => {
    try {
      return [canonicalIdentifier(type, text, 'identifier')]
    } catch {
      return []
    }
  })
}

const USERNAME = /^[a-z][a-z0-9._-]{2,39}$/

function invalid(field: string, description: string): AppError {
  return appError(reasons, 'identity.identifier_invalid', 'This cannot be signed in by: see the details.', {
    violations: [{ field, description }],
  })
}
