import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { run } from './program.ts'

const server = createServer((request, response) => {
  const error = {
    code: 'invalid_argument',
    reason: 'rpc.field_invalid',
    message: `The request is not valid. name: is ${request.url?.includes('x') ? 'x' : 'wrong'} (and 1 more)`,
    details: [
      { field: 'name', description: 'is x' },
      { field: 'age', description: 'is missing' },
    ],
    requestId: 'req_1',
    docs: '/docs/errors/rpc.field_invalid',
  }
  response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
})
let url = ''

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})

async function mainstay(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const lines = { out: [] as string[], err: [] as string[] }
  const streams = { out: (line: string) => lines.out.push(line), err: (line: string) => lines.err.push(line) }
  const code = await run(['--key', 'msk_test_x', ...args], streams)
  return { code, out: lines.out.join('\n'), err: lines.err.join('\n') }
}

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  assert.deepEqual(await mainstay('--version'), { code: 0, out: version, err: '' })
})

test('the help shows examples, exit codes, and defaults in words', async () => {
  assert.match((await mainstay('--help')).out, /Examples:\n[\s\S]+Exit codes: 0 done/)
  const { out } = await mainstay('send', '--help')
  assert.match(out, /--class <class>\s+otp, transactional or bulk \(default: transactional\)/)
  assert.match(out, /\(default:\s+none\)/)
})

test('a refusal is told once, with the page that explains it', async () => {
  const { code, err } = await mainstay('--url', `${url}/`, 'messages', 'get', 'x')
  assert.equal(code, 1)
  assert.deepEqual(err.split('\n'), [
    'The request is not valid. name: is x (and 1 more) (rpc.field_invalid)',
    '  age: is missing',
    `  see ${url}/docs/errors/rpc.field_invalid`,
    '  request req_1',
  ])
})

test('an address that is none is a mistake of the command line; one that nobody answers is named', async () => {
  const mistake = await mainstay('--url', 'localhost', 'messages', 'list')
  assert.equal(mistake.code, 2)
  assert.match(mistake.err, /--url is "localhost"\. Write it as https:/)
  const silent = await mainstay('--url', 'http://127.0.0.1:1', 'messages', 'list')
  assert.equal(silent.code, 3)
  assert.match(silent.err, /^http:\/\/127\.0\.0\.1:1 could not be reached/)
})

test('send says which part of the command line it cannot follow', async () => {
  const send = (...args: string[]) => mainstay('--url', url, 'send', '--to', 'ada@example.com', ...args)
  const both = await send('--template', 'welcome', '--subject', 'Hi')
  assert.deepEqual(
    [both.code, both.err],
    [2, 'Give --template, or --subject with --text or --html, not both.'],
  )
  const file = await send('--subject', 'Hi', '--text', '@/no/such/file')
  assert.deepEqual([file.code, file.err], [2, 'The file of "@/no/such/file" cannot be read (ENOENT).'])
})

test('a role that the server does not have is refused before anything starts', async () => {
  const { code, err } = await mainstay('up', '--role', 'foo')
  assert.equal(code, 2)
  assert.match(err, /Allowed choices are all, api, worker/)
})

test('a server that could not start leaves its exit code', () => {
  const main = new URL('main.ts', import.meta.url).pathname
  const env = { ...process.env, HTTP_PORT: 'nonsense' }
  const { status, stderr } = spawnSync(process.execPath, [main, 'up'], { env, encoding: 'utf8' })
  assert.equal(status, 1, stderr)
  assert.match(stderr, /HTTP_PORT/)
})
