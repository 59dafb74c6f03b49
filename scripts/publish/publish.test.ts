import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { lintTarball, packPackages } from './pack.ts'
import { PUBLISHED, stagePackages } from './stage.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** The machine's Node, where it has one that the packages are made for; the repository's own otherwise. */
const node = hostNode() ?? process.execPath

let folder: string
let project: string
let tarballs: string[]

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'mainstay-publish-test-'))
  tarballs = packPackages(stagePackages(join(folder, 'stage')), join(folder, 'packed'))
  project = mkdtempSync(join(folder, 'project-'))
  installEverything()
})

after(() => rmSync(folder, { recursive: true, force: true }))

test('publint finds nothing wrong with what is packed', async () => {
  assert.equal(tarballs.length, PUBLISHED.length)
  assert.deepEqual((await Promise.all(tarballs.map(lintTarball))).flat(), [])
})

test('the manifests are public, carry a licence, and name no source file or test', () => {
  for (const name of ['proto', 'sdk', 'sdk-react', 'cli']) {
    const installed = join(project, 'node_modules/@mainstay', name)
    const manifest = readFileSync(join(installed, 'package.json'), 'utf8')
    assert.doesNotMatch(manifest, /"private"|devDependencies|\.\/src\//)
    for (const file of ['LICENSE', 'README.md'])
      assert.ok(existsSync(join(installed, file)), `${name}/${file}`)
  }
  assert.ok(!existsSync(join(project, 'node_modules/@mainstay/sdk/src/client.test.ts')))
})

test('a program in plain JavaScript calls a server and tells its failures apart', () => {
  writeFileSync(
    join(project, 'program.mjs'),
    `import { createServer } from 'node:http'
     import { createMainstay, isReason } from '@mainstay/sdk'
     import { MessageState } from '@mainstay/proto/notify/v1'
     const server = createServer((request, response) => {
       const found = request.url === '/v1/messages/msg_1'
       const error = { code: 'not_found', reason: 'notify.message_not_found', message: 'No such message.' }
       response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
       response.end(JSON.stringify(found ? { messageId: 'msg_1', state: 'MESSAGE_STATE_SENT' } : { error }))
     })
     await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
     const { notify } = createMainstay({ baseUrl: 'http://127.0.0.1:' + server.address().port })
     const message = await notify.getMessage({ messageId: 'msg_1' })
     const missing = await notify.getMessage({ messageId: 'msg_2' }).catch((error) => error)
     console.log(MessageState[message.state], isReason(missing, 'notify.message_not_found'))
     server.closeAllConnections()
     server.close()`,
  )
  assert.equal(execFileSync(node, ['program.mjs'], { cwd: project, encoding: 'utf8' }), 'SENT true\n')
})

for (const [module, moduleResolution] of [
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const) {
  test(`a TypeScript program type-checks with moduleResolution ${moduleResolution}`, () => {
    writeFileSync(
      join(project, 'program.ts'),
      `import { createMainstay, isReason, type Mainstay, MainstayError, type Reason } from '@mainstay/sdk'
       import { MessageState } from '@mainstay/proto/notify/v1'
       export const mainstay: Mainstay = createMainstay({ apiKey: 'msk_test_x' })
       export async function sent(): Promise<string[]> {
         const ids: string[] = []
         for await (const { messageId, state } of mainstay.notify.listMessages({ pageSize: 10 }))
           if (state === MessageState.SENT) ids.push(messageId)
         return ids
       }
       export const reason: Reason = 'notify.template_not_found'
       export const explain = (error: unknown): string => (isReason(error, reason) ? error.docs ?? '' : '')
       // @ts-expect-error a page size is a number
       mainstay.notify.listMessages({ pageSize: 'ten' }).catch((error: unknown) => error instanceof MainstayError)`,
    )
    const options = { module, moduleResolution, target: 'es2022', lib: ['es2022', 'dom'], types: [] }
    const compilerOptions = { ...options, strict: true, noEmit: true, exactOptionalPropertyTypes: true }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc], { cwd: project, encoding: 'utf8' })
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '' })
  })
}

test('the command runs from where npm links it', () => {
  const bin = join(project, 'node_modules/.bin/mainstay')
  const args = ['--url', 'http://127.0.0.1:1', '--key', 'msk_test_x', 'messages', 'list']
  const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' })
  assert.equal(status, 3, stderr)
  assert.match(stderr, /could not be reached/)
  const help = execFileSync(process.execPath, [bin, '--help'], { encoding: 'utf8' })
  assert.match(help, /Usage: mainstay/)
})

/** With npm itself, from tarballs alone: those of ours, and what they depend on packed from this installation. */
function installEverything(): void {
  const others = packPackages(dependenciesOf(tarballs.map(nameIn)), join(folder, 'packed'))
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'user', private: true, type: 'module' }),
  )
  const args = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', [...args, ...tarballs, ...others], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function nameIn(tarball: string): string {
  const manifest = execFileSync('tar', ['xzOf', tarball, 'package/package.json'], { encoding: 'utf8' })
  return (JSON.parse(manifest) as { name: string }).name
}

/** The folders of everything that these packages need, ours left out. */
function dependenciesOf(names: string[], found = new Set<string>()): string[] {
  for (const name of names) {
    const path = join(root, 'node_modules', name)
    const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
    if (!name.startsWith('@mainstay/')) found.add(path)
    const needed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    dependenciesOf(
      needed.filter((need) => !found.has(join(root, 'node_modules', need))),
      found,
    )
  }
  return [...found]
}

function hostNode(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((path) => !path.includes('node_modules'))
  const path = folders.map((path) => join(path, 'node')).find((path) => existsSync(path))
  if (path === undefined) return undefined
  const version = execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' })
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 20 || (major === 20 && minor >= 3) ? path : undefined
}
