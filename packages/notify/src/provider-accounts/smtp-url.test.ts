import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSmtpUrl, readSmtpSettings } from './smtp-url.ts'

test('the forms of NOTIFY_SMTP_URL are read', () => {
  const table: [string, ReturnType<typeof parseSmtpUrl>][] = [
    [
      'smtp://ada:s3cret@mail.example',
      { host: 'mail.example', port: 587, security: 'starttls', username: 'ada', secret: 's3cret' },
    ],
    [
      'smtps://ada:s3cret@mail.example',
      { host: 'mail.example', port: 465, security: 'tls', username: 'ada', secret: 's3cret' },
    ],
    [
      'smtps://a%40b.example:p%25%2F@mail.example:2465',
      { host: 'mail.example', port: 2465, security: 'tls', username: 'a@b.example', secret: 'p%/' },
    ],
    [
      'smtp://127.0.0.1:25?security=none',
      { host: '127.0.0.1', port: 25, security: 'none', username: '', secret: '' },
    ],
    ['smtp://[::1]:25?security=none', { host: '::1', port: 25, security: 'none', username: '', secret: '' }],
  ]
  for (const [text, expected] of table) assert.deepEqual(parseSmtpUrl(text), expected, text)
})

test('anything else is refused', () => {
  for (const text of [
    'mail.example',
    'http://mail.example',
    'smtp://',
    'smtp://ada@mail.example',
    'smtp://:pass@mail.example',
    'smtps://mail.example?security=none',
    'smtp://mail.example?security=tls',
    'smtp://a:b%@mail.example',
    'smtp://a:b%0d%0a@mail.example',
    'smtp://mail.example:99999',
  ]) {
    assert.equal(parseSmtpUrl(text), undefined, text)
  }
})

test('what is wrong is told by the name of the setting, and the password is not shown', () => {
  const settings = (smtpUrl?: string, smtpFrom?: string) =>
    ({ smtpUrl, smtpFrom }) as Parameters<typeof readSmtpSettings>[0]
  assert.equal(readSmtpSettings(settings()), undefined)
  assert.throws(() => readSmtpSettings(settings('smtp://x.example')), /^Error: NOTIFY_SMTP_FROM: is required/)
  assert.throws(
    () => readSmtpSettings(settings('smtp://x.example', 'nobody')),
    /^Error: NOTIFY_SMTP_FROM: expected/,
  )
  assert.throws(
    () => readSmtpSettings(settings('smtq://ada:hunter2@x.example', 'a@b.example')),
    (error: Error) =>
      error.message.startsWith('NOTIFY_SMTP_URL: expected') && !error.message.includes('hunter2'),
  )
})
