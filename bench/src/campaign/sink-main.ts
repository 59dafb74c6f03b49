/**
 * The provider that everybody delivers to, in a process of its own: answers 200 to each POST, and remembers the keys that came and
 * when a one-time code did. Says its port over IPC; asked `count`, how many different messages came and how many came again, and
 * asked `codes`, when each code came first, in milliseconds since 1970, by its number.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const CODE = Buffer.from('code-')
const keys = new Set<string>()
const codes: Record<string, number> = {}
let again = 0

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const body = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
    const at = body.indexOf(CODE)
    const key = String(request.headers['idempotency-key'] ?? keys.size)
    if (at >= 0)
      codes[String(Number.parseInt(body.toString('latin1', at + CODE.length, at + 20), 10))] ??= Date.now()
    else if (keys.has(key)) again++
    else keys.add(key)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '11' })
    response.end('{"id":"ok"}')
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('message', (ask) => process.send?.(ask === 'codes' ? codes : { count: keys.size, again }))
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
