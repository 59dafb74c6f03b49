import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SMTPError } from 'nodemailer/lib/smtp-connection'
import { boundReply, type SmtpFailure, type SmtpPhase, toFailure, toResult } from './smtp-outcome.ts'

const failure = (phase: SmtpPhase, reply?: string): SmtpFailure =>
  reply === undefined ? { phase, trouble: 'It broke' } : { phase, trouble: 'It broke', reply }

const short = (result: ReturnType<typeof toResult>): string =>
  'accountFault' in result ? `${result.outcome}, account at fault` : result.outcome

test('every phase and class of reply has the outcome of the table', () => {
  const table: [SmtpPhase, string | undefined, string][] = [
    ['connecting', undefined, 'rejected_transient'],
    ['connecting', '421 4.3.2 Busy', 'rejected_transient'],
    ['connecting', '554 5.7.1 Go away', 'rejected_transient, account at fault'],
    ['signing_in', undefined, 'rejected_transient'],
    ['signing_in', '454 4.7.0 Later', 'rejected_transient'],
    ['signing_in', '535 5.7.8 No', 'rejected_transient, account at fault'],
    ['handing_over', undefined, 'rejected_transient'],
    ['handing_over', '421 4.3.0 Closing', 'rejected_transient'],
    ['handing_over', '450 4.2.0 Greylisted', 'rejected_transient'],
    ['handing_over', '451 4.3.0 Error', 'rejected_transient'],
    ['handing_over', '452 4.2.2 Full', 'rejected_transient'],
    ['handing_over', '503 5.5.1 Out of step', 'rejected_transient'],
    ['handing_over', '530 5.7.0 Sign in first', 'rejected_transient, account at fault'],
    ['handing_over', '550 5.1.1 No such user', 'rejected_permanent'],
    ['handing_over', '551 5.1.6 Moved', 'rejected_permanent'],
    ['handing_over', '552 5.2.2 Full for good', 'rejected_permanent'],
    ['handing_over', '553 5.1.3 Bad address', 'rejected_permanent'],
    ['handing_over', '554 5.7.1 Spam', 'rejected_permanent'],
    ['handed_over', undefined, 'unknown'],
    ['handed_over', '451 4.3.0 Not taken', 'rejected_transient'],
    ['handed_over', '552 5.3.4 Too large', 'rejected_permanent'],
    ['handed_over', '354 Go on', 'unknown'],
    ['handed_over', 'what', 'unknown'],
  ]
  for (const [phase, reply, expected] of table) {
    assert.equal(short(toResult(failure(phase, reply))), expected, `${phase} ${reply}`)
  }
})

test('what does not mend itself puts the account at fault', () => {
  for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'SELF_SIGNED_CERT_IN_CHAIN', 'ETLS']) {
    const error: SMTPError = Object.assign(new Error('trouble'), { code })
    assert.equal(
      short(toResult(toFailure(error, 'connecting'))),
      'rejected_transient, account at fault',
      code,
    )
  }
  const reset: SMTPError = Object.assign(new Error('trouble'), { code: 'ECONNRESET' })
  assert.equal(short(toResult(toFailure(reset, 'connecting'))), 'rejected_transient')
})

test('replies are kept on one line of at most 500 characters', () => {
  assert.equal(boundReply('550-No\r\n550 really\r\n'), '550-No 550 really')
  assert.equal(boundReply('x'.repeat(100_000)).length, 500)
})
