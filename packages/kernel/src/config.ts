/** What one setting accepts. Numbers are plain integers in the unit of their type and name; `10MB` is refused. */
export type SettingType =
  | 'string'
  | 'integer'
  | 'boolean'
  | 'duration_ms'
  | 'bytes'
  | 'enum'
  | 'url'
  | 'secret'

export interface SettingSpec {
  /** Name of the environment variable, unique across all tables. */
  env: string
  type: SettingType
  /** Used when the variable is unset or empty. Without it, and without `optional`, the setting is required. */
  default?: string | number | boolean
  /** Without a default: the setting may be left out and is then `undefined`. */
  optional?: boolean
  /** Bounds of a number, or of a text's length. */
  min?: number
  max?: number
  /** The choices of an `enum`. */
  values?: readonly string[]
  /** Never shown in errors, the console or logs. Implied by type `secret`. */
  secret?: boolean
  /** One or two sentences for docs/configuration.md: what it does, and when to change it. */
  doc: string
}

/** One row of the documentation: a spec with the key and the capability it belongs to. */
export interface Setting extends SettingSpec {
  key: string
  capability: string
}

export interface SettingsTable<
  Capability extends string = string,
  Table extends Record<string, SettingSpec> = Record<string, SettingSpec>,
> {
  readonly capability: Capability
  readonly settings: Table
}

type ValueOf<S extends SettingSpec> = S['type'] extends 'integer' | 'duration_ms' | 'bytes'
  ? number
  : S['type'] extends 'boolean'
    ? boolean
    : S extends { type: 'enum'; values: readonly (infer V extends string)[] }
      ? V
      : string

/** The typed values of one table. */
export type SettingsOf<T> =
  T extends SettingsTable<string, infer Table>
    ? {
        readonly [K in keyof Table]: Table[K] extends { optional: true }
          ? ValueOf<Table[K]> | undefined
          : ValueOf<Table[K]>
      }
    : never

/** The typed values of several tables, by capability: `{ kernel: {…}, notify: {…} }`. */
export type LoadedSettings<Tables extends readonly SettingsTable[]> = {
  readonly [T in Tables[number] as T['capability']]: SettingsOf<T>
}

/** Declares a capability's settings. A default that its own rules refuse is a programming error and throws here. */
export function defineSettings<
  const Capability extends string,
  const Table extends Record<string, SettingSpec>,
>(capability: Capability, table: Table): SettingsTable<Capability, Table> {
  for (const [key, spec] of Object.entries(table)) {
    const name = `${capability}.${key}`
    if (!/^[A-Z][A-Z0-9_]*$/.test(spec.env)) throw new TypeError(`${name}: "${spec.env}" is no variable name`)
    if (spec.type === 'enum' && !spec.values?.length) throw new TypeError(`${name}: an enum needs values`)
    if (spec.default === undefined) continue
    const checked = parseSetting(spec, String(spec.default))
    if ('problem' in checked) throw new TypeError(`${name}: its default is refused: ${checked.problem}`)
  }
  return Object.freeze({ capability, settings: Object.freeze(table) })
}

/** Every problem found in the environment, one line each, so that all are mended in one go. */
export class SettingsError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'SettingsError'
    this.problems = problems
  }
}

/**
 * Reads all tables from an environment and freezes the result.
 * Throws SettingsError with every problem at once: `FILES_MAX_BYTES: expected an integer ≥ 1, got "10MB"`.
 */
export function loadSettings<const Tables extends readonly SettingsTable[]>(
  tables: Tables,
  env: Readonly<Record<string, string | undefined>>,
): LoadedSettings<Tables> {
  refuseSharedNames(tables)
  const problems: string[] = []
  const loaded: Record<string, Readonly<Record<string, unknown>>> = {}
  for (const { capability, settings } of tables) {
    const values: Record<string, unknown> = {}
    for (const [key, spec] of Object.entries(settings)) {
      const text = env[spec.env]?.trim() || (spec.default === undefined ? undefined : String(spec.default))
      if (text === undefined) {
        if (!spec.optional) problems.push(`${spec.env}: is required: ${spec.doc}`)
        continue
      }
      const checked = parseSetting(spec, text)
      if ('problem' in checked) problems.push(`${spec.env}: ${checked.problem}`)
      else values[key] = checked.value
    }
    loaded[capability] = Object.freeze(values)
  }
  if (problems.length > 0) throw new SettingsError(problems)
  return Object.freeze(loaded) as LoadedSettings<Tables>
}

/** All settings in order, as the configuration page and docs/configuration.md show them. */
export function describeSettings(tables: readonly SettingsTable[]): Setting[] {
  return tables.flatMap(({ capability, settings }) =>
    Object.entries(settings).map(([key, spec]) => ({ ...spec, key, capability })),
  )
}

function refuseSharedNames(tables: readonly SettingsTable[]): void {
  const owners = new Map<string, string>()
  for (const { env, key, capability } of describeSettings(tables)) {
    const owner = owners.get(env)
    if (owner !== undefined) throw new TypeError(`${env} belongs to ${owner} and to ${capability}.${key}`)
    owners.set(env, `${capability}.${key}`)
  }
}

type Checked = { value: string | number | boolean } | { problem: string }

function parseSetting(spec: SettingSpec, text: string): Checked {
  const got = spec.secret || spec.type === 'secret' ? 'got another value (not shown)' : `got ${quote(text)}`
  switch (spec.type) {
    case 'integer':
    case 'duration_ms':
    case 'bytes': {
      const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
      const fits =
        Number.isSafeInteger(value) && value >= (spec.min ?? -Infinity) && value <= (spec.max ?? Infinity)
      return fits ? { value } : { problem: `expected ${describeNumber(spec)}, ${got}` }
    }
    case 'boolean':
      if (/^(true|1|yes|on)$/i.test(text)) return { value: true }
      if (/^(false|0|no|off)$/i.test(text)) return { value: false }
      return { problem: `expected true or false, ${got}` }
    case 'enum':
      if (spec.values?.includes(text)) return { value: text }
      return { problem: `expected one of ${spec.values?.join(', ')}, ${got}` }
    case 'url':
      return isUrl(text) ? { value: text } : { problem: 'expected a URL, got another value (not shown)' }
    case 'string':
    case 'secret': {
      const fits = text.length >= (spec.min ?? 0) && text.length <= (spec.max ?? Infinity)
      return fits ? { value: text } : { problem: `expected ${describeLength(spec)}, ${got}` }
    }
  }
}

/** A PostgreSQL URL may leave its host out (`user@/name?host=/socket`), which the URL standard does not allow. */
function isUrl(text: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(text) && URL.canParse(text.replace(/@\//, '@localhost/'))
}

function describeNumber({ type, min, max }: SettingSpec): string {
  const unit = type === 'duration_ms' ? ' of milliseconds' : type === 'bytes' ? ' of bytes' : ''
  if (min !== undefined && max !== undefined) return `an integer${unit} from ${min} to ${max}`
  if (min !== undefined) return `an integer${type === 'duration_ms' ? unit : ''} ≥ ${min}`
  return max === undefined ? `an integer${unit}` : `an integer${unit} ≤ ${max}`
}

function describeLength({ min = 0, max }: SettingSpec): string {
  return max === undefined ? `at least ${min} characters` : `${min} to ${max} characters`
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
