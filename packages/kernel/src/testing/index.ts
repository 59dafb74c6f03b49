export { createFakeClock, type FakeClock } from './clock.ts'
export { type Crew, type CrewOptions, createCrew } from './crew.ts'
export {
  type OpenedDatabase,
  openTestDatabase,
  type TestDatabase,
  type TestDatabaseOptions,
  useTestDatabase,
} from './database.ts'
export { skipUnless } from './engines.ts'
export { startTestServer, type TestServer, type TestServerOptions, temporaryHome } from './test-server.ts'
export { type WaitOptions, waitFor } from './wait-for.ts'
