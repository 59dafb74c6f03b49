import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { ProviderAccountSchema, SmtpSecurity } from '@mainstay/proto/notify/v1'
import type { AccountDraft } from './account-config.ts'
import { applyUpdate } from './account-update.ts'

const smtp: Omit<AccountDraft, 'secret'> = {
  displayName: 'Mail',
  sender: 'a@acme.example',
  enabled: true,
  test: false,
  priority: 5,
  config: {
    kind: 'smtp',
    host: 'mail.acme.example',
    port: 465,
    security: 'tls',
    username: 'ada',
    maxConnections: 3,
  },
}

function apply(init: MessageInitShape<typeof ProviderAccountSchema>, mask?: string[], current = smtp) {
  return applyUpdate(current, create(ProviderAccountSchema, init), mask)
}

test('a mask changes the fields it names, to zero values too, and nothing else', () => {
  const wanted = { displayName: 'New', enabled: false, priority: 0, sender: 'x@y.example' }
  assert.deepEqual(apply(wanted, ['enabled', 'priority']), {
    updated: { ...smtp, enabled: false, priority: 0, secret: undefined },
  })
})

test('a mask names single fields of the configuration', () => {
  const result = apply({ config: { case: 'smtp', value: { host: 'other.example', port: 25 } } }, [
    'smtp.host',
  ])
  assert.deepEqual(result, {
    updated: { ...smtp, config: { ...smtp.config, host: 'other.example' }, secret: undefined },
  })
})

test('naming the whole configuration replaces it, but keeps a password left empty', () => {
  const value = { host: 'other.example', port: 587, username: 'eve' }
  assert.deepEqual(apply({ config: { case: 'smtp', value } }, ['smtp']), {
    updated: {
      ...smtp,
      config: { kind: 'smtp', ...value, security: 'starttls', maxConnections: 0 },
      secret: undefined,
    },
  })
  const withPassword = apply({ config: { case: 'smtp', value: { ...value, password: 'new' } } }, ['smtp'])
  assert.equal('updated' in withPassword && withPassword.updated.secret, 'new')
})

test('a password is removed by naming it and leaving it empty, and set by giving it', () => {
  const secretOf = (result: ReturnType<typeof apply>) =>
    'updated' in result ? result.updated.secret : 'refused'
  assert.equal(secretOf(apply({ config: { case: 'smtp', value: {} } }, ['smtp.password'])), '')
  assert.equal(secretOf(apply({}, ['smtp.password'])), '')
  assert.equal(
    secretOf(apply({ config: { case: 'smtp', value: { password: 'p' } } }, ['display_name'])),
    undefined,
  )
  assert.equal(secretOf(apply({ config: { case: 'smtp', value: { password: 'p' } } })), 'p')
  assert.equal(secretOf(apply({ config: { case: 'smtp', value: { password: 'p' } } }, ['*'])), 'p')
})

test('without a mask every field that is set changes', () => {
  const result = apply({ displayName: 'New', config: { case: 'smtp', value: { port: 587 } } })
  assert.deepEqual(result, {
    updated: { ...smtp, displayName: 'New', config: { ...smtp.config, port: 587 }, secret: undefined },
  })
  const security = apply({ config: { case: 'smtp', value: { security: SmtpSecurity.NONE } } })
  assert.deepEqual(security, {
    updated: { ...smtp, config: { ...smtp.config, security: 'none' }, secret: undefined },
  })
})

test('fields that the server sets are passed over', () => {
  assert.deepEqual(apply({ etag: 'x' }, ['etag', 'create_time', 'channel']), {
    updated: { ...smtp, secret: undefined },
  })
})

test('unknown fields, and fields of another kind, are refused by name', () => {
  for (const path of [
    'nonsense',
    'http.url',
    'smtp.nonsense',
    'smtp.',
    '',
    'sandbox',
    '__proto__',
    'constructor',
  ]) {
    const result = apply({}, [path])
    assert.deepEqual(result, {
      violations: [{ field: 'updateMask', description: `\`${path}\` is no field of this account` }],
    })
  }
})

test('the kind of provider cannot change', () => {
  const result = apply({ config: { case: 'http', value: { url: 'https://x.example' } } })
  assert.equal('violations' in result && result.violations[0]?.field, 'providerAccount.http')
})

test('http and sandbox accounts change by the same rules', () => {
  const http = { ...smtp, config: { kind: 'http', url: 'https://a.example' } as const }
  const result = apply(
    { config: { case: 'http', value: { url: 'https://b.example', bearerToken: 't' } } },
    ['http'],
    http,
  )
  assert.deepEqual(result, {
    updated: { ...http, config: { kind: 'http', url: 'https://b.example' }, secret: 't' },
  })
  const sandbox = { ...smtp, config: { kind: 'sandbox' } as const }
  assert.deepEqual(apply({ priority: 9 }, ['priority', 'sandbox'], sandbox), {
    updated: { ...sandbox, priority: 9, secret: undefined },
  })
})
