export { StartError, type StartProblem } from './errors.ts'
export { reachEmbeddedPostgres } from './reach.ts'
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './start.ts'
