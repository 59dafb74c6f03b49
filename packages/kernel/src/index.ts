export { type Batcher, type BatcherOptions, createBatcher } from './batch/batcher.ts'
export { type Bus, type BusOptions, createBus, MAX_PAYLOAD_BYTES } from './bus/index.ts'
export { type Cache, type CacheOptions, createCache } from './cache/index.ts'
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
export { renderConfigurationMarkdown } from './configuration-page.ts'
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
  registerDbMetrics,
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
export {
  createEvents,
  type DeadLetter,
  type DeadLetters,
  type Delivery,
  defineEvent,
  type EventMessage,
  type EventOptions,
  type Events,
  type EventsOptions,
  type EventToken,
  type MaintainReport,
  type RetryPolicy,
  type Subscription,
} from './events/index.ts'
export { fromTypeId, idTimeMs, isUuid, minIdAt, newId, toTypeId } from './ids.ts'
export {
  createJobs,
  type EnqueueOptions,
  type JobCall,
  type JobOptions,
  type Jobs,
  type JobsOptions,
} from './jobs/index.ts'
export { kernelMigrations } from './kernel-migrations.ts'
export {
  homeFolder,
  type KernelSettings,
  kernelSettings,
} from './kernel-settings.ts'
export { loadMasterKey } from './master-key.ts'
export {
  defineMigrations,
  type LintFinding,
  lintMigration,
  lintMigrationsDir,
  type Migration,
  MigrationError,
  type MigrationReport,
  type MigrationSet,
  type MigrationStatus,
  migrate,
  migrationStatus,
  readMigrations,
} from './migrations/index.ts'
export {
  createPageTokens,
  type Page,
  type PagePosition,
  type PageScope,
  type PageTokens,
  pageLimit,
} from './page-tokens.ts'
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  reachEmbeddedPostgres,
  StartError,
  startEmbeddedPostgres,
} from './postgres/index.ts'
export { createSealer, SealError, type Sealer } from './seal.ts'
export {
  type Check,
  type CheckResult,
  type Counter,
  childTrace,
  continueTrace,
  createHealth,
  createLogger,
  createMetrics,
  currentTrace,
  describeError,
  formatTraceparent,
  type Gauge,
  type Health,
  type HealthOptions,
  type Histogram,
  type HistogramOptions,
  type Labels,
  LOG_LEVELS,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  lineWriter,
  METRICS_CONTENT_TYPE,
  type MetricOptions,
  type Metrics,
  maskSecrets,
  newTrace,
  parseTraceparent,
  type Readiness,
  redact,
  registerProcessMetrics,
  SECONDS,
  type Trace,
  withTrace,
} from './telemetry/index.ts'
