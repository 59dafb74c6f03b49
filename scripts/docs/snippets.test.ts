import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryHome, useTestDatabase } from '@mainstay/kernel/testing'
import { Mode } from '@mainstay/proto/access/v1'
import { createMainstay } from '@mainstay/sdk'
import { readBanner, type ServerProcess, spawnServer } from '../../apps/server/test/process.ts'
import { type Fence, readFences } from './fences.ts'

/** What is run as it stands, and what is only read. A block in neither is a mistake. */
const RUN = ['sh', 'ts']
const READ = ['text', 'ini', 'http', 'json', 'proto', 'sql', 'csv', 'html', 'liquid', 'tsx', 'css']

const root = fileURLToPath(new URL('../..', import.meta.url))
const paths = ['README.md', 'docs/guides/*.md', 'packages/{sdk,cli}/README.md', 'proto/README.md']
const fences = globSync(paths, { cwd: root })
  .sort()
  .flatMap((path) => readFences(path, readFileSync(join(root, path), 'utf8')))

const database = useTestDatabase()
const home = temporaryHome()
const folder = mkdtempSync(join(tmpdir(), 'mainstay-snippets-test-'))
let server: ServerProcess
let env: NodeJS.ProcessEnv

before(async () => {
  await database.ready()
  server = spawnServer(home)
  await server.ready()
  const { apiUrl, apiKey, signInLink } = readBanner(server.output())
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  symlinkSync(join(root, 'packages/cli/src/main.ts'), join(bin, 'mainstay'))
  symlinkSync(process.execPath, join(bin, 'node'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  // curl's own settings: a refusal fails the command, as a reader would see that it has failed.
  writeFileSync(join(folder, '.curlrc'), 'fail-with-body\nsilent\nshow-error\n')
  env = {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    CURL_HOME: folder,
    MAINSTAY_HOME: home,
    MAINSTAY_URL: apiUrl,
    MAINSTAY_API_KEY: apiKey,
    MAINSTAY_LIVE_KEY: await makeLiveKey(apiUrl, signInLink),
    // For what the guides say about `migrate`; the server has a PostgreSQL of its own, which it shares with nobody.
    DATABASE_URL: database.connectionString,
  }
})

after(async () => {
  await server.stop()
  for (const path of [home, folder]) rmSync(path, { recursive: true, force: true })
})

test('every block says what it is written in, so that none escapes being run', () => {
  const unknown = fences.filter(({ language }) => ![...RUN, ...READ].includes(language))
  assert.deepEqual(unknown.map(describeFence), [])
  for (const language of RUN) assert.ok(fences.some((fence) => fence.language === language))
})

for (const fence of fences.filter(({ language }) => language === 'sh')) {
  test(`${describeFence(fence)} runs`, () => run('bash', ['-euo', 'pipefail', '-c', fence.text]))
}

const programs = fences.filter(({ language }) => language === 'ts')
for (const fence of programs) {
  test(`${describeFence(fence)} runs`, () => {
    const file = join(folder, fileOf(fence))
    writeFileSync(file, fence.text)
    return run(process.execPath, [file])
  })
}

test('the TypeScript ones also compile, under the strictest settings', () => {
  const extended = join(root, 'tsconfig.base.json')
  const compilerOptions = { typeRoots: [join(root, 'node_modules/@types')] }
  const config = { extends: extended, compilerOptions, files: programs.map(fileOf) }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  for (const fence of programs) writeFileSync(join(folder, fileOf(fence)), fence.text)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
})

/** As a person does in the console; a test key can make none. */
async function makeLiveKey(baseUrl: string, signInLink: string | undefined): Promise<string> {
  const headers: Record<string, string> = { origin: baseUrl }
  // Node's fetch keeps no cookies: the session is carried by hand.
  const { access } = createMainstay({
    baseUrl,
    headers,
    async fetch(url, init) {
      const response = await fetch(url, init)
      const [cookie] = response.headers.getSetCookie()
      if (cookie) headers.cookie = cookie.split(';')[0] as string
      return response
    },
  })
  await access.createSession({ token: signInLink?.split('#token=')[1] ?? '' })
  const { projects } = await access.listProjects({})
  headers['mainstay-project'] = projects[0]?.projectId ?? ''
  const { secret } = await access.createApiKey({
    apiKey: {
      displayName: 'Guides',
      mode: Mode.LIVE,
      scopes: ['notify:read', 'notify:write', 'notify:send', 'identity:write'],
    },
  })
  return secret
}

/** In the root of the repository, as a reader would. */
function run(command: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { cwd: root, env, timeout: 60_000 }, (error, out, err) =>
      error ? reject(new Error(`it ended with ${error.code ?? error.signal}:\n${out}${err}`)) : resolve(),
    )
    child.stdin?.end()
  })
}

function describeFence({ path, line, language }: Fence): string {
  return `${path}:${line}${language ? ` (${language})` : ''}`
}

function fileOf({ path, line }: Fence): string {
  return `${path.replaceAll('/', '-')}-${line}.ts`
}
