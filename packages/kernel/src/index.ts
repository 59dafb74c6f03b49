export { type Clock, systemClock } from './clock.ts'
export {
  defineSettings,
  describeSettings,
  type LoadedSettings,
  loadSettings,
  type Setting,
  type SettingSpec,
  SettingsError,
  type SettingsOf,
  type SettingsTable,
  type SettingType,
} from './config.ts'
export {
  createDb,
  type Db,
  type DbLog,
  type DbOptions,
  type DbStats,
  databaseErrorOf,
  type Executor,
  isCheckViolation,
  isForeignKeyViolation,
  isUniqueViolation,
  type Query,
  type QueryResult,
  sqlState,
  type TransactionOptions,
  type Tx,
} from './db/index.ts'
export {
  AppError,
  type AppErrorInit,
  appError,
  CODES,
  type Code,
  defineReasons,
  type FieldViolation,
  reasons,
  toAppError,
} from './errors.ts'
export { fromTypeId, idTimeMs, isUuid, minIdAt, newId, toTypeId } from './ids.ts'
export {
  defineMigrations,
  type Migration,
  MigrationError,
  type MigrationReport,
  type MigrationSet,
  type MigrationStatus,
  migrate,
  migrationStatus,
} from './migrations/index.ts'
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  StartError,
  startEmbeddedPostgres,
} from './postgres/index.ts'
