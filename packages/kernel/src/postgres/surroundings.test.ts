import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { skipUnless, temporaryHome } from '../testing/index.ts'
import { findBinaries, reachableCopy, SHARED_FOLDER } from './binaries.ts'
import { holdServer } from './hold-server.ts'
import { startEmbeddedPostgres } from './index.ts'
import { canReach, chooseOsUser, type OsUser } from './os-user.ts'

const FAST = { fsync: 'off' }
const isRoot = process.getuid?.() === 0
const needsRoot = isRoot ? false : 'skipped: needs root'
const nobody: OsUser = { name: 'nobody', uid: 65_534, gid: 65_534 }

test('an ordinary user runs the server as themselves', { skip: needsRoot }, async () => {
  const home = temporaryHome()
  chownSync(home, nobody.uid, nobody.gid)
  const holder = holdServer(home, nobody)
  const { pid = 0, message } = await holder.outcome
  assert.ok(pid > 0, message)
  assert.equal(statSync(`/proc/${pid}`).uid, nobody.uid)
  await holder.kill()

  // And root, coming later, serves the data as the one whose it is.
  const server = await startEmbeddedPostgres({ home, settings: FAST })
  assert.equal(server.pid, pid)
  await server.stop()
  const again = await startEmbeddedPostgres({ home, settings: FAST })
  assert.equal(statSync(`/proc/${again.pid}`).uid, nobody.uid)
  await again.stop()
  rmSync(home, { recursive: true })
})

test('a strict umask keeps nobody out who must get in', { skip: needsRoot }, async (t) => {
  const home = join(temporaryHome(), 'made')
  const umask = process.umask(0o077)
  t.after(() => {
    process.umask(umask)
    rmSync(dirname(home), { recursive: true })
  })
  const server = await startEmbeddedPostgres({ home, settings: FAST })
  await server.stop()
  await t.test("somebody else's data is refused with a sentence", async () => {
    const { problem, message = '' } = await holdServer(home, nobody).outcome
    assert.equal(problem, 'no_access', message)
    assert.match(message, /belongs to another user/)
  })
})

test('a home under a closed folder is served from a folder that can be reached', {
  skip: needsRoot,
}, async () => {
  const closed = mkdtempSync('/root/mainstay-test-')
  const home = join(closed, 'project', '.mainstay')
  const server = await startEmbeddedPostgres({ home, settings: FAST })
  const data = realpathSync(join(home, 'postgres'))
  assert.ok(data.startsWith(`${SHARED_FOLDER}/homes/`), data)
  await server.stop()
  const again = await startEmbeddedPostgres({ home, settings: FAST })
  assert.equal(again.connectionString, server.connectionString)
  await again.stop()
  rmSync(closed, { recursive: true })
  rmSync(data, { recursive: true })
})

test('programs under a closed folder are copied to where they can be run', { skip: needsRoot }, () => {
  const user = chooseOsUser()
  assert.ok(user)
  const { postgres } = findBinaries(user)
  const closed = temporaryHome()
  const version = `test-${process.pid}`
  cpSync(join(postgres, '..', '..'), closed, { recursive: true, verbatimSymlinks: true })
  chmodSync(closed, 0o700)
  assert.equal(canReach(user, join(closed, 'bin', 'postgres')), false)
  const copy = reachableCopy(closed, version, user)
  const { stdout } = spawnSync(join(copy, 'bin', 'postgres'), ['--version'], {
    uid: user.uid,
    gid: user.gid,
    cwd: '/',
    encoding: 'utf8',
  })
  assert.match(stdout, /^postgres \(PostgreSQL\) 18\./)
  assert.equal(reachableCopy(closed, version, user), copy)
  rmSync(closed, { recursive: true })
  rmSync(copy, { recursive: true })
})

test('a platform that has no PostgreSQL says what to do', () => {
  assert.throws(() => findBinaries(undefined, 'plan9', 'mips'), {
    problem: 'no_binaries',
    message: /^There is no PostgreSQL for plan9 on mips here .* set DATABASE_URL/,
  })
})

test('a disk too small for a database is refused before anything is written', { skip: needsMount() }, () =>
  onSmallDisk('100m', async (home) => {
    await assert.rejects(startEmbeddedPostgres({ home }), {
      problem: 'disk_full',
      message: /has \d+ MB free, and a new database needs 150 MB/,
    })
    assert.ok(!existsSync(join(home, 'postgres', '18')))
  }),
)

test('a disk that is full at a later start is told, and damages nothing', { skip: needsMount() }, () =>
  onSmallDisk('200m', async (home, disk) => {
    const server = await startEmbeddedPostgres({ home, settings: FAST })
    await server.stop()
    const filler = join(disk, 'filler')
    const { status } = spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k'])
    assert.notEqual(status, 0) // it ran until the disk was full
    await assert.rejects(startEmbeddedPostgres({ home, settings: FAST }), {
      problem: 'disk_full',
      message: /is full\. Nothing was damaged: free some space and start again\.$/,
    })
    rmSync(filler)
    const again = await startEmbeddedPostgres({ home, settings: FAST })
    await again.stop()
  }),
)

function needsMount(): string | false {
  return needsRoot || skipUnless('mount')
}

async function onSmallDisk(size: string, work: (home: string, disk: string) => Promise<void>): Promise<void> {
  const disk = temporaryHome()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', disk])
  assert.equal(mounted.status, 0, String(mounted.stderr))
  try {
    mkdirSync(join(disk, 'home'))
    await work(join(disk, 'home'), disk)
  } finally {
    spawnSync('umount', [disk])
    rmSync(disk, { recursive: true })
  }
}
