import { hash } from 'node:crypto'
import { appError, type Logger } from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import { normalisePassword } from './hash.ts'

/** Whether a password is known from leaks: the answer, or undefined when it cannot be said. */
export type IsBreached = (password: string) => Promise<boolean | undefined>

const LEAST_CHARACTERS = 8

/**
 * What NIST SP 800-63B §3.1.1.2 asks of a password: at least eight characters, none of the known bad ones, nothing that is the
 * person's own name or address, and no rules of composition. Throws `identity.password_weak`.
 */
export async function requireGoodPassword(
  password: string,
  own: readonly string[],
  isBreached: IsBreached,
): Promise<void> {
  const text = normalisePassword(password)
  if ([...text].length < LEAST_CHARACTERS) throw weak('is shorter than 8 characters')
  const plain = text.toLowerCase()
  if (COMMON.has(plain) || isPattern(plain)) throw weak('is one of the first that are tried')
  const words = own
    .flatMap((word) => word.toLowerCase().split(/[^\p{L}\p{N}]+/u))
    .filter((word) => word.length >= 4)
  if (words.some((word) => plain === word || plain.replace(/[^\p{L}]/gu, '') === word)) {
    throw weak('is your own name or address')
  }
  if ((await isBreached(text)) === true) throw weak('is known from leaks of other services')
}

/** One character again and again, or a run up or down: `aaaaaaaa`, `12345678`, `hgfedcba`. */
function isPattern(text: string): boolean {
  const points = [...text].map((character) => character.codePointAt(0) ?? 0)
  const steps = points.slice(1).map((point, index) => point - (points[index] ?? 0))
  const [first] = steps
  return first !== undefined && Math.abs(first) <= 1 && steps.every((step) => step === first)
}

/** Those that every list of leaked passwords begins with, of eight characters and more. */
const COMMON = new Set(
  `password password1 password12 password123 passw0rd p@ssw0rd p@ssword qwertyuiop qwerty123 qwerty1234 qwerty12345 1q2w3e4r 1q2w3e4r5t
   1qaz2wsx 1qazxsw2 zaq12wsx q1w2e3r4 qazwsxedc asdfghjkl zxcvbnm123 iloveyou iloveyou1 sunshine princess football baseball
   superman starwars trustno1 whatever letmein1 letmein123 welcome1 welcome123 admin123 admin1234 administrator changeme
   changeme123 default1 computer internet michelle jennifer jordan23 liverpool chelsea1 arsenal1 manchester charlie1 michael1
   jessica1 ashley123 dragon123 monkey123 shadow123 master123 hello123 hello1234 abcd1234 abc12345 a1b2c3d4 aa123456 123456aa
   12341234 11223344 112233445566 123123123 1234qwer 123qweasd 123456789a 123456abc 147258369 159357258 789456123 987654321a
   pokemon1 blink182 mustang1 corvette samantha victoria elizabeth passwort passwort1 hallo123 schatz123 motdepasse azertyuiop
   contraseña senha123 qwertz123 qwertzuiop secret123 test1234 testtest google123 facebook1 linkedin1 samsung1 summer2024 summer2025
   summer2026 winter2024 winter2025 winter2026 spring2025 spring2026 autumn2025`.split(/\s+/),
)

/**
 * Asks Pwned Passwords by k-anonymity (haveibeenpwned.com/API/v3#PwnedPasswords): five characters of the SHA-1 leave this machine, and
 * padding hides how many match. A service that cannot be asked says nothing, and keeps nobody from setting a password.
 */
export function createPwnedPasswords({
  url,
  logger,
}: {
  url: string
  logger: Pick<Logger, 'warn'>
}): IsBreached {
  return async (password) => {
    const sha1 = hash('sha1', password).toUpperCase()
    try {
      const answer = await fetch(`${url}/range/${sha1.slice(0, 5)}`, {
        headers: { 'add-padding': 'true' },
        redirect: 'error',
        signal: AbortSignal.timeout(2000),
      })
      if (!answer.ok) throw new Error(`it answered ${answer.status}`)
      const rest = sha1.slice(5)
      // Padding has a count of 0.
      return (await answer.text())
        .split('\n')
        .some((line) => line.startsWith(`${rest}:`) && !/:0\s*$/.test(line))
    } catch (error) {
      logger.warn({ err: error }, 'the list of leaked passwords could not be asked')
      return undefined
    }
  }
}

function weak(why: string) {
  return appError(
    reasons,
    'identity.password_weak',
    `This password ${why}. Take a longer one, such as a few words.`,
    {
      violations: [{ field: 'password', description: why }],
    },
  )
}
