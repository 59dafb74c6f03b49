import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clearedSessionCookies, readSessionToken, sessionCookie } from './cookies.ts'

const expireTime = new Date('2026-01-08T00:00:00Z')

describe('the session cookie', () => {
  test('over https it has the __Host- prefix and every attribute that the prefix asks for', () => {
    assert.equal(
      sessionCookie('t', { secure: true, expireTime }),
      '__Host-mainstay_session=t; Path=/; HttpOnly; SameSite=Strict; Secure; Expires=Thu, 08 Jan 2026 00:00:00 GMT',
    )
  })

  test('over http it is the same but for what http cannot have', () => {
    assert.equal(
      sessionCookie('t', { secure: false, expireTime }),
      'mainstay_session=t; Path=/; HttpOnly; SameSite=Strict; Expires=Thu, 08 Jan 2026 00:00:00 GMT',
    )
  })

  test('signing out clears both names', () => {
    for (const cookie of clearedSessionCookies())
      assert.match(cookie, /mainstay_session=; Path=\/;.*Max-Age=0$/)
  })

  test('is found among others, however a proxy joined them', () => {
    assert.equal(readSessionToken('a=1; mainstay_session=t; b=2', false), 't')
    assert.equal(readSessionToken('a=1, mainstay_session=t', false), 't')
    assert.equal(readSessionToken('a=1; xmainstay_session=t; mainstay_sessions=u', false), undefined)
    assert.equal(readSessionToken(undefined, false), undefined)
  })

  test('the one that only https could set wins over the one that anybody could', () => {
    assert.equal(readSessionToken('mainstay_session=planted; __Host-mainstay_session=t', false), 't')
  })

  test('where we are reached over https, the plain name is not looked at', () => {
    assert.equal(readSessionToken('mainstay_session=planted', true), undefined)
    assert.equal(readSessionToken('mainstay_session=planted; __Host-mainstay_session=t', true), 't')
  })

  test('two different values are refused, in whichever order; the same value twice is one', () => {
    assert.equal(readSessionToken('mainstay_session=a; mainstay_session=b', false), '')
    assert.equal(readSessionToken('mainstay_session=b; mainstay_session=a', false), '')
    assert.equal(readSessionToken('mainstay_session=a; mainstay_session=a', false), 'a')
  })
})
