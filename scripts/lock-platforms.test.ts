import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findGaps } from './checks/lock.ts'
import { completeLock } from './lock-platforms.ts'

const lock = {
  packages: {
    '': { version: '1.0.0' },
    'node_modules/tool': {
      version: '2.0.0',
      resolved: 'https://mirror.example/tool-2.0.0.tgz',
      integrity: 'sha512-x',
      dev: true,
      optionalDependencies: {
        '@tool/cli-darwin-arm64': '2.0.0',
        '@tool/cli-linux-arm-musleabihf': '2.0.0',
        '@tool/cli-linux-x64-gnu': '2.0.0',
        '@tool/cli-wasm32-wasi': '2.0.0',
      },
    },
    'node_modules/@tool/cli-linux-x64-gnu': { version: '2.0.0', os: ['linux'], cpu: ['x64'], optional: true },
    'node_modules/@mainstay/own': { resolved: 'packages/own', link: true },
  },
}

test('variants of other platforms are added with what their names say, and addresses are left out', () => {
  const { packages } = completeLock(lock)
  assert.deepEqual(Object.keys(packages), [
    '',
    'node_modules/@mainstay/own',
    'node_modules/@tool/cli-darwin-arm64',
    'node_modules/@tool/cli-linux-arm-musleabihf',
    'node_modules/@tool/cli-linux-x64-gnu',
    'node_modules/@tool/cli-wasm32-wasi',
    'node_modules/tool',
  ])
  const common = { version: '2.0.0', dev: true, optional: true }
  assert.deepEqual(packages['node_modules/@tool/cli-darwin-arm64'], {
    ...common,
    os: ['darwin'],
    cpu: ['arm64'],
  })
  assert.deepEqual(packages['node_modules/@tool/cli-linux-arm-musleabihf'], {
    ...common,
    os: ['linux'],
    cpu: ['arm'],
    libc: ['musl'],
  })
  assert.deepEqual(packages['node_modules/@tool/cli-wasm32-wasi'], { ...common, cpu: ['wasm32'] })
  assert.equal(packages['node_modules/tool']?.resolved, undefined)
  assert.equal(packages['node_modules/@mainstay/own']?.resolved, 'packages/own')
})

test('a completed lock has no gaps, and stays as it is', () => {
  const complete = completeLock(lock)
  assert.deepEqual(findGaps(complete), [])
  assert.equal(JSON.stringify(completeLock(complete)), JSON.stringify(complete))
})

test('a missing package that names no platform is refused, not guessed', () => {
  const unclear = { packages: { 'node_modules/a': { optionalDependencies: { b: '1.0.0' } } } }
  assert.throws(() => completeLock(unclear), /b@1\.0\.0 does not name a platform/)
})
