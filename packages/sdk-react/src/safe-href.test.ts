import assert from 'node:assert/strict'
import { test } from 'node:test'
import { safeHref } from './safe-href.ts'

test('a link is a path of the app or an address that runs nothing', () => {
  for (const url of [
    '/',
    '/orders/7?a=b#c',
    'https://acme.example/',
    'acme://orders/7',
    'mailto:ada@acme.example',
  ])
    assert.equal(safeHref(url), url)
  for (const url of [
    '',
    'orders/7',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    'JAVASCRIPT:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
  ])
    assert.equal(safeHref(url), undefined, url)
})
