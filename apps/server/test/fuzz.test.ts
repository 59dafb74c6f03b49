import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { temporaryHome, useTestDatabase } from '@mainstay/kernel/testing'
import { fuzz } from '@mainstay/rpc/testing'
import type { Server } from '../src/server.ts'
import { startHere } from './in-process.ts'

const database = useTestDatabase()
const home = temporaryHome()
let server: Server
let key = ''

before(async () => {
  server = await startHere('api', { database, home })
  const { project } = await server.program.access.ensureBootstrap()
  key = (await server.program.access.ensureDevKey(project.project_id)).secret
})
after(async () => {
  await server?.stop()
  rmSync(home, { recursive: true, force: true })
})

test('no request, however wild, makes a real service fail or leaves a rejection behind', async () => {
  await fuzz({
    url: server.httpUrl,
    grpcUrl: `http://${server.banner.grpcAddress}`,
    // Streams that are accepted stay open: they are fuzzed on the conformance contract, where they end.
    methods: server.program.rpc.methods.filter(({ streams }) => !streams),
    headers: { authorization: `Bearer ${key}` },
    runs: 10,
  })
})
