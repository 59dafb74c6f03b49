import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { createLogger } from '@mainstay/kernel'
import { temporaryHome, useTestDatabase } from '@mainstay/kernel/testing'
import { fuzz } from '@mainstay/rpc/testing'
import { readSettings } from '../src/config.ts'
import { type Server, startServer } from '../src/server.ts'

const database = useTestDatabase()
const home = temporaryHome()
let server: Server
let key = ''

before(async () => {
  await database.ready()
  server = await startServer({
    role: 'api',
    settings: readSettings({
      MAINSTAY_HOME: home,
      DATABASE_URL: database.connectionString,
      HTTP_PORT: '0',
      GRPC_PORT: '0',
    }),
    logger: createLogger({ level: 'fatal' }),
  })
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
