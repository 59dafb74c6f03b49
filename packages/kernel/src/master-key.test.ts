import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadMasterKey } from './master-key.ts'

let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'mainstay-key-'))
})
after(() => rm(root, { recursive: true }))

test('the first start makes a key that only its owner reads, later starts find it', async () => {
  const home = join(root, 'first', 'deeper')
  const key = await loadMasterKey({ home })
  assert.equal(key.length, 32)
  assert.equal((await stat(join(home, 'master.key'))).mode & 0o777, 0o600)
  assert.deepEqual(await loadMasterKey({ home }), key)
  assert.deepEqual(await readdir(home), ['master.key'])
})

test('20 starts at once agree on one key', async () => {
  const home = join(root, 'race')
  const keys = await Promise.all(Array.from({ length: 20 }, () => loadMasterKey({ home })))
  assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 1)
  assert.deepEqual(await readdir(home), ['master.key'])
})

test('a key from the environment wins and no file is made', async () => {
  const home = join(root, 'environment')
  const key = randomBytes(32)
  assert.deepEqual(await loadMasterKey({ home, fromEnvironment: key.toString('base64') }), key)
  await assert.rejects(readdir(home), { code: 'ENOENT' })
})

test('a key that is no 32 bytes of base64 is refused without being shown', async () => {
  for (const bad of ['short', randomBytes(16).toString('base64'), `${randomBytes(32).toString('base64')}!`]) {
    await assert.rejects(loadMasterKey({ home: root, fromEnvironment: bad }), (error: Error) => {
      assert.match(error.message, /^MAINSTAY_MASTER_KEY: expected 32 bytes in base64/)
      assert.equal(error.message.includes(bad), false)
      return true
    })
  }
})

test('a key file that others can read is refused with the command that mends it', async () => {
  const home = await mkdtemp(join(root, 'open-'))
  const path = join(home, 'master.key')
  await writeFile(path, randomBytes(32).toString('base64'))
  await chmod(path, 0o644)
  await assert.rejects(loadMasterKey({ home }), /chmod 600/)
})

test('a damaged key file is refused, never replaced', async () => {
  const home = await mkdtemp(join(root, 'damaged-'))
  const path = join(home, 'master.key')
  await writeFile(path, '', { mode: 0o600 })
  await assert.rejects(loadMasterKey({ home }), /expected 32 bytes in base64/)
  assert.equal((await stat(path)).size, 0)
})
