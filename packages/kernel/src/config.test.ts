import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineSettings, describeSettings, loadSettings, SettingsError, type SettingsOf } from './config.ts'
import { renderConfigurationMarkdown } from './configuration-page.ts'

const files = defineSettings('files', {
  maxBytes: { env: 'FILES_MAX_BYTES', type: 'bytes', default: 1024, min: 1, doc: 'Largest file.' },
  keepMs: { env: 'FILES_KEEP_MS', type: 'duration_ms', default: 5000, min: 1, max: 9000, doc: 'How long.' },
  public: { env: 'FILES_PUBLIC', type: 'boolean', default: false, doc: 'Whether | everybody may read.' },
  engine: { env: 'FILES_ENGINE', type: 'enum', values: ['disk', 's3'], default: 'disk', doc: 'Where.' },
  bucket: { env: 'FILES_BUCKET', type: 'string', doc: 'The bucket.' },
  key: { env: 'FILES_KEY', type: 'secret', min: 8, optional: true, doc: 'The key.' },
  endpoint: { env: 'FILES_ENDPOINT', type: 'url', optional: true, secret: true, doc: 'The server.' },
})
const search = defineSettings('search', {
  shards: { env: 'SEARCH_SHARDS', type: 'integer', default: 2, min: 1, max: 64, doc: 'How many.' },
})

test('settings arrive typed, by capability, with their defaults, frozen', () => {
  const env = {
    FILES_MAX_BYTES: '2048',
    FILES_PUBLIC: 'yes',
    FILES_ENGINE: 's3',
    FILES_BUCKET: ' b ',
    SEARCH_SHARDS: '',
  }
  const settings = loadSettings([files, search], env)
  const typed: SettingsOf<typeof files> = settings.files
  const engine: 'disk' | 's3' = typed.engine
  assert.deepEqual(settings, {
    files: { maxBytes: 2048, keepMs: 5000, public: true, engine, bucket: 'b' },
    search: { shards: 2 },
  })
  assert.equal(settings.files.key, undefined)
  assert.ok(Object.isFrozen(settings) && Object.isFrozen(settings.files))
})

test('every problem is reported at once, with what was expected and what was there', () => {
  const env = {
    FILES_MAX_BYTES: '10MB',
    FILES_KEEP_MS: '9001',
    FILES_PUBLIC: 'maybe',
    FILES_ENGINE: 'tape',
    FILES_KEY: 'hunter2',
    FILES_ENDPOINT: 'user:hunter2@',
    SEARCH_SHARDS: '1.5',
  }
  assert.throws(
    () => loadSettings([files, search], env),
    (error: SettingsError) => {
      assert.ok(error instanceof SettingsError)
      assert.deepEqual(error.problems, [
        'FILES_MAX_BYTES: expected an integer ≥ 1, got "10MB"',
        'FILES_KEEP_MS: expected an integer of milliseconds from 1 to 9000, got "9001"',
        'FILES_PUBLIC: expected true or false, got "maybe"',
        'FILES_ENGINE: expected one of disk, s3, got "tape"',
        'FILES_BUCKET: is required: The bucket.',
        'FILES_KEY: expected at least 8 characters, got another value (not shown)',
        'FILES_ENDPOINT: expected a URL, got another value (not shown)',
        'SEARCH_SHARDS: expected an integer from 1 to 64, got "1.5"',
      ])
      assert.equal(error.message, error.problems.join('\n'))
      return true
    },
  )
})

test('numbers are plain integers that JavaScript can hold', () => {
  for (const text of ['1e3', '0x10', '9007199254740993', '٣', '1_000', '+5', 'NaN']) {
    assert.throws(() => loadSettings([search], { SEARCH_SHARDS: text }), SettingsError, text)
  }
})

test('a database on a unix socket is a URL too', () => {
  const url = 'postgresql://mainstay:p@/mainstay?host=%2Ftmp%2Fsocket&port=5432'
  assert.equal(loadSettings([files], { FILES_BUCKET: 'b', FILES_ENDPOINT: url }).files.endpoint, url)
})

test('a table that contradicts itself is refused when it is declared', () => {
  const doc = ''
  assert.throws(() => defineSettings('x', { a: { env: 'a b', type: 'string', doc } }), /no variable name/)
  assert.throws(
    () => defineSettings('x', { a: { env: 'A', type: 'integer', default: 0, min: 1, doc } }),
    /default is refused/,
  )
  assert.throws(() => defineSettings('x', { a: { env: 'A', type: 'enum', doc } }), /needs values/)
  const twin = defineSettings('twin', { shards: { env: 'SEARCH_SHARDS', type: 'integer', default: 1, doc } })
  assert.throws(
    () => loadSettings([search, twin], {}),
    /SEARCH_SHARDS belongs to search\.shards and to twin\.shards/,
  )
})

test('the configuration page has a row for every setting', () => {
  const page = renderConfigurationMarkdown([files, search])
  for (const { env } of describeSettings([files, search]))
    assert.match(page, new RegExp(`^\\| \`${env}\` \\|`, 'm'))
  assert.match(page, /^## search$/m)
  assert.match(page, /Whether \\\| everybody may read\./)
  for (const line of page.split('\n').filter((text) => text.startsWith('|'))) {
    assert.equal(line.replaceAll('\\|', '').split('|').length, 6, line)
  }
})
