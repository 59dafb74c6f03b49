import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '@mainstay/kernel'
import { solveProofOfWork } from '@mainstay/limits'
import { Identity } from '@mainstay/proto/identity/v1'
import { OtpProtection, OtpRuleAction, OtpRuleMode } from '@mainstay/proto/identity/v1/otp-protection'
import { refusedWith, useIdentity } from '../testing/harness.ts'

const house = useIdentity()
const { startOtp, resendOtp, verifyOtp } = Identity.method
const { getOtpRules, updateOtpRules, getOtpOverview, listOtpDecisions } = OtpProtection.method

let numbers = 0
const newPhone = (): string => `+4915${String(300_000_000 + numbers++ * 1009)}`
const live = () => ({ token: house.liveKey })
const start = (clientId: string, phone: string, proof = '', clientAddress = '192.0.2.1') =>
  house.call(startOtp, { clientId, identifier: { case: 'phone', value: phone }, proof }, { clientAddress })

describe('a code that costs too much', () => {
  test('is not sent until its caller has proved to be worth it', async () => {
    const { clientId } = await house.makeClient()
    const phone = newPhone()
    for (let index = 0; index < 10; index++) await start(clientId, phone)
    const sent = house.sent.length
    const refused = await start(clientId, phone).catch((error: unknown) => error)
    assert.ok(refused instanceof AppError)
    assert.equal(refused.reason, 'identity.otp_proof_required')
    assert.equal(house.sent.length, sent)
    const { kind, task = '', bits } = refused.metadata ?? {}
    assert.equal(kind, 'proof_of_work')
    const proof = solveProofOfWork({ task, bits: Number(bits) })
    assert.ok((await start(clientId, phone, proof)).challengeId)
    await assert.rejects(
      start(clientId, phone, proof),
      refusedWith('identity.otp_proof_required'),
      'a proof is used up',
    )
  })

  test('is refused, with the time to wait, whatever way it is asked for', async () => {
    await house.call(
      updateOtpRules,
      {
        otpRules: { recipientMost: { threshold: 2n }, deniedPrefixes: ['+882'] },
        updateMask: { paths: ['recipient_most', 'denied_prefixes'] },
      },
      live(),
    )
    house.clock.advance(3000)
    const { clientId } = await house.makeClient()
    const { challengeId } = await start(clientId, newPhone())
    house.clock.advance(30_000)
    await house.call(resendOtp, { clientId, challengeId })
    house.clock.advance(30_000)
    const error = await house.call(resendOtp, { clientId, challengeId }).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof AppError && error.reason === 'identity.otp_refused')
    assert.ok((error.retryAfterMs ?? 0) > 0)
    await assert.rejects(start(clientId, '+88213300000'), refusedWith('identity.otp_refused'))
  })
})

describe('the rules', () => {
  test('are the defaults until they are changed, field by field, by who may', async () => {
    const before = await house.call(getOtpRules, {})
    assert.equal(before.address?.mode, OtpRuleMode.ENFORCE)
    assert.equal(before.spendPerDay?.threshold, 200_000_000n)
    const changed = await house.call(
      updateOtpRules,
      {
        otpRules: { address: { action: OtpRuleAction.DENY }, allowedCountries: ['DE', 'AT'] },
        updateMask: { paths: ['address', 'allowed_countries'] },
      },
      live(),
    )
    assert.deepEqual(
      [changed.address?.mode, changed.address?.action, changed.address?.threshold],
      [OtpRuleMode.ENFORCE, OtpRuleAction.DENY, 60n],
    )
    assert.deepEqual((await house.call(getOtpRules, {})).allowedCountries, ['DE', 'AT'])
    await assert.rejects(
      house.call(updateOtpRules, { otpRules: {}, updateMask: { paths: ['address'] } }),
      refusedWith('identity.mode_not_allowed'),
    )
    await assert.rejects(
      house.call(updateOtpRules, { otpRules: {}, updateMask: { paths: ['everything'] } }, live()),
      refusedWith('identity.request_invalid'),
    )
  })
})

describe('what became of codes', () => {
  test('is told by place, with why they were held up', async () => {
    const { clientId } = await house.makeClient()
    const phone = newPhone()
    const { challengeId } = await start(clientId, phone)
    const code = house.sent.at(-1)?.code ?? ''
    await house.call(verifyOtp, { clientId, challengeId, code })
    const overview = await house.call(getOtpOverview, {})
    const place = overview.places.find(({ prefix }) => phone.startsWith(prefix))
    assert.equal(place?.country, 'DE')
    assert.ok((place?.verifiedCount ?? 0n) >= 1n)
    assert.ok((overview.total?.sentCount ?? 0n) >= (place?.sentCount ?? 0n))
    assert.ok(
      house.used.some((key) => key.startsWith('otp/') && key.endsWith('/1')),
      'routing is told, too',
    )
    const first = await house.call(listOtpDecisions, { pageSize: 1 })
    const rest = await house.call(listOtpDecisions, { pageToken: first.nextPageToken })
    assert.ok(rest.otpDecisions.length > 0)
    const rules = [...first.otpDecisions, ...rest.otpDecisions].flatMap(({ fired }) =>
      fired.map(({ rule }) => rule),
    )
    assert.ok(rules.includes('recipient_most') && rules.includes('lists'), rules.join())
    assert.ok(
      !JSON.stringify(rest, (_, value) => (typeof value === 'bigint' ? String(value) : value)).includes(
        phone,
      ),
    )
  })
})
