import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { countryOf, isPhoneNumber, isSmsSender, withoutPlus, withPlus } from './phone-numbers.ts'

describe('phone numbers', () => {
  test('are E.164 with a calling code that exists and as many digits as numbers have there', () => {
    for (const number of [
      '+14155550100',
      '+491701234567',
      '+919876543210',
      '+447700900123',
      '+88213300655',
    ]) {
      assert.equal(isPhoneNumber(number), true, number)
    }
    for (const text of [
      '',
      '14155550100',
      '+1415555010',
      '+141555501000',
      '+49170',
      '+999123456789',
      '+1 415 555 0100',
      '+14155550100\n',
      '+٤٩١٧٠١٢٣٤٥٦٧',
      '0170 1234567',
      '+14155550100;ext=1',
    ]) {
      assert.equal(isPhoneNumber(text), false, text)
    }
  })

  test('tell their country, by their own digits where a calling code is shared', () => {
    const countries = {
      '+14155550100': 'US',
      '+16135550100': 'CA',
      '+77011234567': 'KZ',
      '+79161234567': 'RU',
      '+919876543210': 'IN',
      '+447400123456': 'GB',
      '+447700900123': 'GB',
      '+88213300655': undefined,
      'no number': undefined,
    }
    for (const [number, country] of Object.entries(countries))
      assert.equal(countryOf(number), country, number)
  })

  test('are senders, as short codes and sender ids of at most 11 characters are', () => {
    for (const sender of ['+14155550100', '12345', '56767', 'Acme', 'Acme & Co', 'A1', 'ELEVENCHARS']) {
      assert.equal(isSmsSender(sender), true, sender)
    }
    for (const text of [
      '',
      '12',
      '123456789',
      'TWELVECHARSX',
      ' Acme',
      'Acme ',
      'Ac\nme',
      'Ämter',
      '<b>',
      '+12',
    ]) {
      assert.equal(isSmsSender(text), false, text)
    }
  })

  test('no text is taken for a number or sender that could inject anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        if (isPhoneNumber(text)) assert.match(text, /^\+\d{7,15}$/)
        if (isSmsSender(text)) assert.match(text, /^[\w &+-]{1,16}$/)
      }),
    )
  })

  test('lose their plus for providers that want none, and get it back', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+[1-9]\d{6,14}$/), (number) => {
        assert.equal(withPlus(withoutPlus(number)), number)
      }),
    )
    assert.equal(withPlus('Acme'), 'Acme')
    assert.equal(withPlus('12345'), '12345')
  })
})
