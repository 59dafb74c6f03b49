import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clientAddressOf } from './client-address.ts'

const from = (remoteAddress: string | undefined, forwarded?: string, trusted = 0) =>
  clientAddressOf(
    { headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, socket: { remoteAddress } },
    trusted,
  )

describe('the address of a caller', () => {
  test('is that of the connection, with IPv4 written as such', () => {
    assert.equal(from('192.0.2.1'), '192.0.2.1')
    assert.equal(from('::ffff:192.0.2.1'), '192.0.2.1')
    assert.equal(from('2001:db8::1'), '2001:db8::1')
    assert.equal(from(undefined), '')
  })

  test('X-Forwarded-For spoof: without proxies of ours the header is not looked at', () => {
    assert.equal(from('192.0.2.1', '203.0.113.9'), '192.0.2.1')
  })

  test('X-Forwarded-For spoof: of the entries only those that our proxies made count', () => {
    const spoofed = '10.0.0.1, 127.0.0.1, 198.51.100.7'
    assert.equal(from('10.1.1.1', spoofed, 1), '198.51.100.7')
    assert.equal(from('10.1.1.1', `${spoofed}, 10.1.1.2`, 2), '198.51.100.7')
    assert.equal(
      from('10.1.1.1', '198.51.100.7', 3),
      '198.51.100.7',
      'fewer entries than proxies: the leftmost',
    )
  })

  test('is what a proxy wrote, in whatever form: ports, brackets, spaces', () => {
    assert.equal(from('10.1.1.1', ' 198.51.100.7:52814 ', 1), '198.51.100.7')
    assert.equal(from('10.1.1.1', '[2001:db8::1]:443', 1), '2001:db8::1')
    assert.equal(from('10.1.1.1', '::ffff:198.51.100.7', 1), '198.51.100.7')
  })

  test('is the nearest that is known where an entry is garbage', () => {
    for (const garbage of ['unknown', '_hidden', '999.1.1.1', "'; DROP", '127.0.0.1 10.0.0.1']) {
      assert.equal(from('10.1.1.1', garbage, 1), '10.1.1.1')
      assert.equal(from('10.1.1.1', `${garbage}, 198.51.100.7`, 2), '198.51.100.7')
    }
    assert.equal(from('10.1.1.1', ' , ,', 1), '10.1.1.1')
  })
})
