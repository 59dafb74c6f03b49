/**
 * Makes a fresh clone ready: runs before `npm start` and `npm test`. Installs the dependencies when package-lock.json is
 * not what node_modules was made from, and builds the console, which both need, when its sources have changed. Says
 * nothing when there is nothing to do. Uses Node's own modules only, and runs on Node 18: everything newer than that,
 * the program's own Node included, is what it installs.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const stamp = join(modules, '.mainstay-lock')

/** Told to the user as it is. */
class Failure extends Error {}

try {
  requireNode(18)
  const lockHash = hash(readFileSync(join(root, 'package-lock.json')))
  if (!isInstalled(lockHash)) await alone(() => isInstalled(lockHash) || install(lockHash))
  if (['prestart', 'pretest'].includes(process.env.npm_lifecycle_event ?? '')) await buildConsole()
} catch (error) {
  console.error(error instanceof Failure ? error.message : error)
  process.exitCode = 1
}

/** @param {number} oldest */
function requireNode(oldest) {
  if (Number.parseInt(process.versions.node, 10) >= oldest) return
  throw new Failure(
    `Mainstay needs Node ${oldest} or newer to install itself, and this is ${process.version}. See https://nodejs.org`,
  )
}

/** @param {string} lockHash */
function isInstalled(lockHash) {
  if (readIfThere(stamp) === lockHash) return true
  if (!isWhatNpmInstalled()) return false
  writeFileSync(stamp, lockHash)
  return true
}

/** True after an `npm ci` or `npm install` by hand: npm's own record of node_modules has every version of our lock. */
function isWhatNpmInstalled() {
  const record = readIfThere(join(modules, '.package-lock.json'))
  if (record === undefined) return false
  const { packages: wanted } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { packages: installed } = JSON.parse(record)
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    const isOurs = !path.includes('node_modules/') || link
    return isOurs || optional || installed[path]?.version === version
  })
}

/** @param {string} lockHash */
async function install(lockHash) {
  rmSync(stamp, { force: true })
  const npm = process.env.npm_execpath
  const isNpm = npm?.endsWith('npm-cli.js') && existsSync(npm)
  // The lock's versions and nothing else; "npm run lock" keeps every platform's variants in it.
  // Whatever the machine's npm is set to, the development dependencies hold the program's own Node, and the platform's
  // PostgreSQL is an optional one. The few install scripts are approved one by one in package.json (allowScripts).
  const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts=false']
  // Also under "npm --silent": what went wrong must be seen.
  args.push('--no-fund', '--no-audit', '--loglevel=warn')
  // The Node inside node_modules is about to be replaced: npm must run on the machine's own.
  const env = { ...process.env, PATH: pathOutside(modules) }
  await runQuietly('Installing dependencies', isNpm ? 'node' : 'npm', isNpm ? [npm, ...args] : args, {
    cwd: root,
    env,
  })
  if (existsSync(join(modules, 'node')) && !existsSync(ownNode())) {
    throw new Failure(
      `npm installed everything but the program's own Node (${relative(root, ownNode())}), whose install script did ` +
        'not run. Is ignore-scripts set in an .npmrc? Run "npm rebuild node" and try again.',
    )
  }
  writeFileSync(stamp, lockHash)
}

async function buildConsole() {
  const folder = join(root, 'apps', 'console')
  if (!existsSync(join(folder, 'index.html'))) return
  const built = join(folder, 'dist', '.sources')
  const sources = hash(
    ['apps/console', 'packages/sdk/src', 'proto/gen', 'package-lock.json']
      .flatMap((path) => listFiles(join(root, path)))
      .map((path) => `${relative(root, path)} ${hash(readFileSync(path))}`)
      .join('\n'),
  )
  const isBuilt = () => readIfThere(built) === sources
  if (isBuilt()) return
  await alone(async () => {
    if (isBuilt()) return
    const vite = join(modules, 'vite', 'bin', 'vite.js')
    await runQuietly('Building the console', ownNode(), [vite, 'build', '--logLevel', 'warn'], {
      cwd: folder,
      env: { ...process.env, NODE_ENV: 'production' },
    })
    writeFileSync(built, sources)
  })
}

/** The Node that the program runs on, from the `node` package. */
function ownNode() {
  return join(modules, 'node', 'bin', 'node')
}

/**
 * Runs a long step behind one line: what it does and how long it took. Its output is shown when it fails.
 * @param {string} what
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptionsWithoutStdio} options
 */
async function runQuietly(what, command, args, options) {
  const startedAt = Date.now()
  const seconds = () => Math.round((Date.now() - startedAt) / 1000)
  const show = (text) => process.stdout.write(process.stdout.isTTY ? `\r${what}…${text}` : text)
  process.stdout.write(`${what}…`)
  const ticking = process.stdout.isTTY ? setInterval(() => show(` ${seconds()} s`), 1000) : undefined
  let output = ''
  const status = await new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal))
  }).finally(() => clearInterval(ticking))
  show(` ${seconds()} s\n`)
  if (status !== 0)
    throw new Failure(`${output.trimEnd()}\n\n${what} failed (${status}): see the lines above.`)
}

/**
 * Lets one process at a time install or build: `npm start` and `npm test` in two terminals would undo each other's work.
 * @param {() => unknown} work
 */
async function alone(work) {
  const lock = join(tmpdir(), `mainstay-bootstrap-${hash(root).slice(0, 16)}`)
  for (let tries = 0; !takeLock(lock); tries++) {
    if (tries === 0) console.log('Another process is making this folder ready: waiting for it.')
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  try {
    await work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/** @param {string} lock */
function takeLock(lock) {
  try {
    mkdirSync(lock)
    writeFileSync(join(lock, 'pid'), String(process.pid))
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    const pid = Number(readIfThere(join(lock, 'pid')))
    if (pid > 0 && !isAlive(pid)) rmSync(lock, { recursive: true, force: true })
    return false
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** @param {string} folder */
function pathOutside(folder) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((entry) => !entry.startsWith(folder))
    .join(delimiter)
}

/** @param {string} path @returns {string[]} */
function listFiles(path) {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .filter((name) => name !== 'node_modules' && name !== 'dist')
    .sort()
    .flatMap((name) => listFiles(join(path, name)))
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** @param {string | Buffer} content */
function hash(content) {
  return createHash('sha256').update(content).digest('hex')
}
