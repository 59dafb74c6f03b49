export { settingsTables } from './config.ts'
export { runMigrate } from './migrate-command.ts'
export { runServer } from './run.ts'
export { type Server, type ServerOptions, startServer } from './server.ts'
