import assert from 'node:assert/strict'
import { pbkdf2Sync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import {
  AccountState,
  Accounts,
  IdentifierType,
  ImportFormat,
  ImportOutcome,
} from '@mainstay/proto/identity/v1/accounts'
import { Clients } from '@mainstay/proto/identity/v1/clients'
import { Passwords } from '@mainstay/proto/identity/v1/passwords'
import { refusedWith, useIdentity } from '../testing/harness.ts'

const house = useIdentity()
const { importAccounts, listAccounts, getAccount, deleteAccount, unbanAccount } = Accounts.method
const { CREATED, UPDATED, SKIPPED, REFUSED } = ImportOutcome

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')
const scrypt = { signerKey: 'c2lnbmVy', saltSeparator: 'Bw==', rounds: 8, memCost: 14 }
/** A kind for each file, so that none meets another's people. */
const take = async (format: ImportFormat, content: string, kind: string, more: object = {}) => {
  await house.call(Clients.method.updateKind, { kind: { kind, displayName: kind } }, { token: house.liveKey })
  return await house.call(importAccounts, { format, kind, content, ...more })
}
const passwordOf = async (kind: string) => {
  const { rows } = await house.db.query<{ scheme: string; hash: string; parameters: object; sealed: Buffer }>(
    {
      text: `SELECT p.scheme, p.hash, p.parameters, p.sealed FROM identity.imported_passwords p
           JOIN identity.accounts a USING (project_id, account_id) WHERE a.kind = $1`,
      values: [kind],
    },
  )
  return rows
}
const outcomes = (rows: readonly { outcome: ImportOutcome }[]) => rows.map(({ outcome }) => outcome)

describe('a file of Auth0', () => {
  test('is taken in row by row: two are wrong, and keep nobody else out', async () => {
    const { rows, createdCount, refusedCount } = await take(
      ImportFormat.AUTH0,
      fixture('auth0.ndjson'),
      'from_auth0',
    )
    assert.deepEqual(outcomes(rows), [CREATED, CREATED, CREATED, REFUSED, REFUSED])
    assert.deepEqual([createdCount, refusedCount], [3, 2])
    assert.match(rows[3]?.detail ?? '', /email address/)
    assert.match(rows[4]?.detail ?? '', /no bcrypt hash/)
    const ada = await house.call(getAccount, { accountId: rows[0]?.accountId ?? '' })
    assert.deepEqual([ada.identifiers[0]?.value, ada.state], ['ada@example.com', AccountState.ACTIVE])
    assert.ok(ada.identifiers[0]?.verifyTime)
    const grace = await house.call(getAccount, { accountId: rows[1]?.accountId ?? '' })
    assert.deepEqual(
      [grace.displayName, grace.locale, grace.state],
      ['Grace Hopper', 'en-US', AccountState.BANNED],
    )
    assert.deepEqual(grace.attributes, { app_metadata: { plan: 'pro' } })
    const [password, ...others] = await passwordOf('from_auth0')
    assert.deepEqual([password?.scheme, password?.hash.slice(0, 7), others], ['bcrypt', '$2b$10$', []])
  })

  test('comes a second time as what it is: skipped, but for what has changed', async () => {
    const content = fixture('auth0.ndjson').replace('Grace Hopper', 'Rear Admiral Hopper')
    const { rows } = await take(ImportFormat.AUTH0, content, 'from_auth0')
    assert.deepEqual(outcomes(rows), [SKIPPED, UPDATED, SKIPPED, REFUSED, REFUSED])
    const accountId = rows[1]?.accountId ?? ''
    await house.call(unbanAccount, { accountId })
    await take(ImportFormat.AUTH0, content, 'from_auth0')
    const grace = await house.call(getAccount, { accountId })
    assert.deepEqual([grace.displayName, grace.state], ['Rear Admiral Hopper', AccountState.ACTIVE])
    await house.call(deleteAccount, { accountId })
    const again = await take(ImportFormat.AUTH0, content, 'from_auth0')
    assert.equal(again.rows[1]?.outcome, CREATED, 'a deleted account has left no external id behind')
  })

  test('changes nothing in a dry run, and says what it would', async () => {
    const { rows } = await take(ImportFormat.AUTH0, fixture('auth0.ndjson'), 'rehearsal', { dryRun: true })
    assert.deepEqual(outcomes(rows), [CREATED, CREATED, CREATED, REFUSED, REFUSED])
    assert.equal(rows[0]?.accountId, '')
    assert.equal((await house.call(listAccounts, { kind: 'rehearsal' })).accounts.length, 0)
  })

  test('is taken in once by 10 who send it at the same time', async () => {
    await take(ImportFormat.AUTH0, '[]', 'raced')
    const all = await Promise.all(
      Array.from({ length: 10 }, () => take(ImportFormat.AUTH0, fixture('auth0.ndjson'), 'raced')),
    )
    const firsts = all.map(({ rows }) => rows[0]?.outcome)
    assert.deepEqual(firsts.sort(), [CREATED, ...Array.from({ length: 9 }, () => SKIPPED)])
    assert.equal((await house.call(listAccounts, { kind: 'raced' })).accounts.length, 3)
  })
})

test('a realm of Keycloak brings names, numbers from attributes, and hashes of both its kinds', async () => {
  const { rows } = await take(ImportFormat.KEYCLOAK, fixture('keycloak-realm.json'), 'from_keycloak')
  assert.deepEqual(outcomes(rows), [CREATED, CREATED])
  assert.match(rows[1]?.detail ?? '', /authenticator app/)
  const ada = await house.call(getAccount, { accountId: rows[0]?.accountId ?? '' })
  assert.deepEqual([ada.displayName, ada.locale, ada.attributes], ['Ada Lovelace', 'en-GB', { plan: 'pro' }])
  assert.deepEqual(
    ada.identifiers.map(({ type, value }) => [type, value]),
    [
      [IdentifierType.PHONE, '+447700900123'],
      [IdentifierType.EMAIL, 'ada@example.com'],
    ],
  )
  const kept = new Map((await passwordOf('from_keycloak')).map((row) => [row.scheme, row]))
  assert.deepEqual(kept.get('pbkdf2')?.parameters, {
    ...{ salt: 'yRDOWlfJgEVYOmfyd2HPiA==', iterations: 27500, digest: 'sha256', length: 32 },
  })
  assert.match(kept.get('argon2')?.hash ?? '', /^\$argon2id\$v=19\$m=7168,t=5,p=1\$c2FsdHNhbHRzYWx0c2FsdA\$/)
})

test('Firebase’s JSON and CSV say the same; its signer key is not readable in the database', async () => {
  const more = { firebaseScrypt: scrypt }
  const json = await take(ImportFormat.FIREBASE, fixture('firebase.json'), 'from_firebase', more)
  assert.deepEqual(outcomes(json.rows), [CREATED])
  const csv = await take(ImportFormat.FIREBASE, fixture('firebase.csv'), 'from_firebase', more)
  assert.deepEqual(outcomes(csv.rows), [UPDATED], 'only the name is written differently')
  const account = await house.call(getAccount, { accountId: csv.rows[0]?.accountId ?? '' })
  assert.deepEqual(
    [account.displayName, account.attributes],
    ['Lovelace, Ada', { customClaims: { admin: true } }],
  )
  const [password] = await passwordOf('from_firebase')
  assert.deepEqual(password?.parameters, {
    salt: '42xEC+ixf3L2lw==',
    saltSeparator: 'Bw==',
    rounds: 8,
    memCost: 14,
  })
  assert.ok(password.sealed.length > 0 && !password.sealed.includes(scrypt.signerKey))
  const without = await take(ImportFormat.FIREBASE, fixture('firebase.json'), 'without_scrypt')
  assert.match(without.rows[0]?.detail ?? '', /scrypt were not given/)
  assert.equal(without.rows[0]?.passwordScheme, '')
})

test('Cognito’s CSV brings people without passwords; who signs in by nothing is refused', async () => {
  const { rows } = await take(ImportFormat.COGNITO, fixture('cognito.csv'), 'from_cognito')
  assert.deepEqual(outcomes(rows), [CREATED, REFUSED])
  const ada = await house.call(getAccount, { accountId: rows[0]?.accountId ?? '' })
  assert.deepEqual(
    [ada.displayName, ada.attributes, ada.identifiers.length],
    ['Ada Lovelace', { plan: 'pro' }, 3],
  )
  assert.match(rows[1]?.detail ?? '', /nothing to sign in by/)
})

test('who is brought along with a password signs in by it, and a second import does not bring an old one back', async () => {
  const salt = Buffer.from('0123456789abcdef')
  const record = (password: string) => ({
    ...{
      id: '0f2a6a0e-7a1c-4b7d-9d3e-5a0f1c2b3d4e',
      username: 'grace',
      email: 'grace@example.com',
      emailVerified: true,
    },
    credentials: [
      {
        type: 'password',
        secretData: JSON.stringify({
          value: pbkdf2Sync(password, salt, 1000, 32, 'sha256').toString('base64'),
          salt: salt.toString('base64'),
        }),
        credentialData: JSON.stringify({ hashIterations: 1000, algorithm: 'pbkdf2-sha256' }),
      },
    ],
  })
  const bring = async (password: string) =>
    await take(ImportFormat.KEYCLOAK, JSON.stringify({ users: [record(password)] }), 'with_password')
  const signIn = async (password: string) =>
    await house.call(Passwords.method.signInWithPassword, {
      clientId,
      identifier: 'grace@example.com',
      password,
    })
  await bring('correct horse battery')
  const { clientId } = await house.makeClient('with_password')
  await bring('staple in a haystack')
  await assert.rejects(signIn('correct horse battery'), refusedWith('identity.password_wrong'))
  assert.ok((await signIn('staple in a haystack')).accessToken)
  // Signing in has made it one of ours: what comes after that is not the person's own any more.
  await bring('correct horse battery')
  await assert.rejects(signIn('correct horse battery'), refusedWith('identity.password_wrong'))
  const { account } = await signIn('staple in a haystack')
  await house.call(deleteAccount, { accountId: account?.accountId ?? '' })
  const { rows } = await house.db.query({
    text: `SELECT FROM identity.passwords p JOIN identity.accounts a USING (project_id, account_id) WHERE a.kind = 'with_password'`,
  })
  assert.equal(rows.length, 0, 'and a deleted account has none')
})

test('somebody else’s number is not taken over by a row of a file', async () => {
  const one = '{"user_id":"auth0|1","phone_number":"+4915112340001"}'
  const other = '{"user_id":"auth0|2","phone_number":"+4915112340001"}'
  const { rows } = await take(ImportFormat.AUTH0, `${one}\n${other}`, 'collision')
  assert.deepEqual(outcomes(rows), [CREATED, REFUSED])
  assert.equal((await house.call(listAccounts, { kind: 'collision' })).accounts.length, 1)
})

test('what is no such file, is too long, or is for no kind is refused whole', async () => {
  const refuse = async (
    format: ImportFormat,
    content: string,
    kind = 'customer',
    reason = 'identity.import_invalid',
  ) => await assert.rejects(house.call(importAccounts, { format, kind, content }), refusedWith(reason))
  await refuse(ImportFormat.AUTH0, '{"user_id": ')
  await refuse(ImportFormat.AUTH0, '[1]')
  await refuse(ImportFormat.COGNITO, 'name,email\nAda,ada@example.com')
  await refuse(ImportFormat.COGNITO, 'cognito:username,email\nada')
  await refuse(ImportFormat.COGNITO, 'cognito:username,email\n"ada,ada@example.com')
  await refuse(ImportFormat.KEYCLOAK, 'id,username\n1,ada')
  await refuse(
    ImportFormat.AUTH0,
    JSON.stringify(Array.from({ length: 1001 }, (_, n) => ({ user_id: `${n}` }))),
  )
  await refuse(ImportFormat.AUTH0, '[]', 'nobody', 'identity.kind_not_found')
})
