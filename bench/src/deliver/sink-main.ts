/**
 * The provider that every contender delivers to, in a process of its own: answers 200 to each POST after reading its
 * body. Says its port over IPC, and how many it has answered when asked.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

let received = 0

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    received++
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '11' })
    response.end('{"id":"ok"}')
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('message', () => process.send?.(received))
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
