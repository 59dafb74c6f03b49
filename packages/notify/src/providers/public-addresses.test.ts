import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPublicAddress, lookupPublic } from './public-addresses.ts'

test('special-purpose addresses are not public, whatever form they are written in', () => {
  for (const address of [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:10.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '::127.0.0.1',
    '3fff::1',
    '5f00::1',
    '',
    'localhost',
    '1.2.3',
    '2130706433',
    '0x7f.1',
  ]) {
    assert.equal(isPublicAddress(address), false, address)
  }
})

test('addresses of the internet are public', () => {
  for (const address of [
    '1.1.1.1',
    '8.8.8.8',
    '172.32.0.1',
    '192.0.1.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ]) {
    assert.equal(isPublicAddress(address), true, address)
  }
  assert.equal(isPublicAddress('::ffff:8.8.8.8'), true)
  assert.equal(isPublicAddress('64:ff9b::8.8.8.8'), true)
})

test('an IPv4 address is judged the same inside IPv6', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      assert.equal(isPublicAddress(`::ffff:${address}`), isPublicAddress(address))
    }),
  )
})

test('a name that resolves to private addresses only is refused at the lookup', async () => {
  for (const all of [true, false]) {
    const error = await new Promise<Error | null>((resolve) => lookupPublic('localhost', { all }, resolve))
    assert.match(String(error), /localhost is a private address; NOTIFY_HTTP_ALLOW_PRIVATE=true allows it/)
  }
})
