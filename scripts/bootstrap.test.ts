import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

let project: string

before(() => {
  project = mkdtempSync(join(tmpdir(), 'mainstay-bootstrap-test-'))
  mkdirSync(join(project, 'scripts'))
  cpSync(fileURLToPath(new URL('bootstrap.mjs', import.meta.url)), join(project, 'scripts', 'bootstrap.mjs'))
  packPart('1.0.0')
  packPart('1.0.1')
  writeLock('1.0.0')
})

after(() => rmSync(project, { recursive: true, force: true }))

test('a fresh clone is installed behind one line, and a second run says nothing', () => {
  assert.match(bootstrap().stdout, /^Installing dependencies… \d+ s\n$/)
  assert.ok(existsSync(join(project, 'node_modules', 'part')))
  assert.deepEqual(bootstrap(), { status: 0, stdout: '', stderr: '' })
})

test('an installation made by npm itself is taken as it is', () => {
  rmSync(join(project, 'node_modules', '.mainstay-lock'))
  assert.deepEqual(bootstrap(), { status: 0, stdout: '', stderr: '' })
})

test('a changed lock file is installed again', () => {
  writeLock('1.0.1')
  assert.match(bootstrap().stdout, /^Installing dependencies… \d+ s\n$/)
  assert.equal(bootstrap().stdout, '')
})

test("a failed installation shows npm's own words and exits with 1", () => {
  writeLock('1.0.2')
  const { status, stderr } = bootstrap()
  assert.equal(status, 1)
  assert.match(stderr, /npm error/)
  assert.match(stderr, /Installing dependencies failed \(\d+\): see the lines above\.\n$/)
  assert.ok(!existsSync(join(project, 'node_modules', '.mainstay-lock')))
  writeLock('1.0.1')
})

test('the console is built for npm start and npm test when its sources have changed, and only then', () => {
  mkdirSync(join(project, 'apps', 'console'), { recursive: true })
  write('apps/console/index.html', '<p>console</p>')
  bootstrap()
  standInForVite()
  assert.match(bootstrap('prestart').stdout, /^Building the console… \d+ s\n$/)
  assert.equal(readFileSync(join(project, 'apps/console/dist/built'), 'utf8'), 'once ')
  assert.equal(bootstrap('prestart').stdout, '')
  write('apps/console/index.html', '<p>changed</p>')
  assert.equal(bootstrap('').stdout, '')
  assert.match(bootstrap('pretest').stdout, /^Building the console/)
  assert.equal(readFileSync(join(project, 'apps/console/dist/built'), 'utf8'), 'once once ')
})

function bootstrap(lifecycle = 'pretest') {
  const { PATH, HOME } = process.env
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(project, 'scripts', 'bootstrap.mjs')],
    {
      env: { PATH, HOME, npm_lifecycle_event: lifecycle, npm_config_offline: 'true' },
      encoding: 'utf8',
    },
  )
  return { status, stdout, stderr }
}

/** Records that it ran, where vite would write the console. */
function standInForVite(): void {
  const bin = join(project, 'node_modules', 'vite', 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(
    join(bin, 'vite.js'),
    `const fs = require('node:fs'); fs.mkdirSync('dist', { recursive: true }); fs.appendFileSync('dist/built', 'once ')`,
  )
  mkdirSync(join(project, 'node_modules', 'node', 'bin'), { recursive: true })
  writeFileSync(
    join(project, 'node_modules', 'node', 'bin', 'node'),
    `#!/bin/sh\nexec '${process.execPath}' "$@"\n`,
    { mode: 0o755 },
  )
}

/** A package as a file, so that nothing is fetched. */
function packPart(version: string): void {
  const folder = join(project, 'package')
  mkdirSync(folder)
  write('package/package.json', { name: 'part', version })
  execFileSync('tar', ['czf', `part-${version}.tgz`, 'package'], { cwd: project })
  rmSync(folder, { recursive: true })
}

function writeLock(version: string): void {
  const file = `file:part-${version}.tgz`
  const root = { name: 'demo', version: '1.0.0', dependencies: { part: file } }
  write('package.json', root)
  write('package-lock.json', {
    ...root,
    lockfileVersion: 3,
    requires: true,
    packages: { '': root, 'node_modules/part': { version, resolved: file } },
  })
}

function write(path: string, content: unknown): void {
  writeFileSync(join(project, path), typeof content === 'string' ? content : JSON.stringify(content))
}
