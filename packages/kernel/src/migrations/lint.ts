import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { readDoBlock } from './do-block.ts'
import { lintAlterTable } from './lint-alter-table.ts'
import { lintCreateTable } from './lint-create-table.ts'
import { RULES, type Rule } from './lint-rules.ts'
import { Words } from './sql-words.ts'
import { type Statement, splitStatements, tokenize } from './tokenize.ts'

export interface LintFinding {
  line: number
  rule: Rule
  message: string
}

export interface LintContext {
  /** Whether the file runs inside a transaction. Default: what its first line says. */
  transactional?: boolean
  /** Whether rows belong to projects, so that primary keys must begin with project_id. Default true. */
  projectKeys?: boolean
}

/**
 * Finds what would lock or rewrite a table in use, break the programs still running against it, or not survive being
 * run again. A table made by the same file is nobody's yet, and anything may be done to it. Statements inside
 * `DO` are looked at as well; those inside functions are not, since they do not run with the migration.
 *
 * `-- mainstay: allow <rule> because <reason>` above a statement permits one thing there; one that permits nothing is
 * a finding too.
 */
export function lintMigration(sql: string, context: LintContext = {}): LintFinding[] {
  const transactional = context.transactional ?? !/^-- mainstay: no-transaction\s*(\n|$)/.test(sql)
  const fresh = new Set<string>()
  const findings: LintFinding[] = []
  let from = 0
  for (const statement of splitStatements(sql)) {
    const end = statement.at + statement.text.length
    const allowances = readAllowances(sql, from, end, findings)
    const rules = lintDeep(statement, transactional, fresh)
    if (context.projectKeys === false) rules.delete('project-key')
    for (const rule of rules) {
      const allowance = allowances.find((each) => each.rule === rule)
      if (allowance === undefined) findings.push(finding(sql, statement.at, rule))
      else allowance.used = true
    }
    for (const { used, at } of allowances) if (!used) findings.push(finding(sql, at, 'allow-unused'))
    from = end
  }
  readAllowances(sql, from, sql.length, findings).forEach(({ at }) => {
    findings.push(finding(sql, at, 'allow-unused'))
  })
  return findings.sort((a, b) => a.line - b.line)
}

/** Lints every `.sql` file of `packages/<capability>/migrations`, in order. The kernel's tables belong to no project. */
export async function lintMigrationsDir(folder: string): Promise<(LintFinding & { file: string })[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const projectKeys = basename(dirname(folder)) !== 'kernel'
  const found = await Promise.all(
    files.map(async (file) => {
      const findings = lintMigration(await readFile(join(folder, file), 'utf8'), { projectKeys })
      return findings.map((each) => ({ file, ...each }))
    }),
  )
  return found.flat()
}

/** A statement and, when it is a `DO` block, what runs in there: always in one transaction. */
function lintDeep(statement: Statement, transactional: boolean, fresh: Set<string>): Set<Rule> {
  const found = lintStatement(statement, transactional, fresh)
  const block = readDoBlock(new Words(statement.tokens))
  if (block?.unreadable) found.add('unreadable-sql')
  for (const inner of block?.statements ?? []) {
    for (const rule of lintDeep(inner, true, fresh)) found.add(rule)
  }
  return found
}

function lintStatement({ tokens }: Statement, transactional: boolean, fresh: Set<string>): Set<Rule> {
  const words = new Words(tokens)
  const found = new Set<Rule>()
  const at = words.at(0)
  if (words.has('concurrently') || at === 'vacuum') {
    if (transactional) found.add('needs-no-transaction')
  }
  if (!transactional && isMakingOrDropping(words) && !words.has('if exists') && !words.has('if not exists')) {
    found.add('not-repeatable')
  }
  if (['begin', 'commit', 'rollback', 'end', 'savepoint', 'start', 'abort'].includes(at)) {
    found.add('transaction-control')
  } else if (at === 'vacuum' ? words.has('full') : at === 'cluster') {
    found.add('rewrite')
  } else if (words.is(0, 'create') && words.has('index') && isIndex(words)) {
    lintCreateIndex(words, fresh, found)
  } else if (words.is(0, 'drop index')) {
    if (!words.has('concurrently')) found.add('drop-index-lock')
  } else if (words.is(0, 'create') && isTable(words)) {
    lintCreateTable(words, fresh, found)
  } else if (words.is(0, 'alter table')) {
    lintAlterTable(words, fresh, found)
  } else if (words.is(0, 'alter type') && !words.has('add value')) {
    found.add('type-change')
  } else {
    lintRest(words, fresh, found)
  }
  return found
}

function lintRest(words: Words, fresh: ReadonlySet<string>, found: Set<Rule>): void {
  const existing = (index: number): boolean => !fresh.has(words.name(index).name)
  if (words.is(0, 'drop table') && existing(words.skip(2, 'if exists'))) found.add('drop-table')
  if (words.is(0, 'drop schema')) found.add('drop-table')
  if (words.is(0, 'alter schema') && words.has('rename')) found.add('rename')
  if (words.is(0, 'truncate') && existing(words.skip(1, 'table', 'only'))) found.add('truncate')
  const changed = words.is(0, 'update')
    ? words.skip(1, 'only')
    : words.is(0, 'delete from')
      ? words.skip(2, 'only')
      : -1
  if (changed >= 0 && !words.has('where') && existing(changed)) found.add('whole-table-change')
}

function lintCreateIndex(words: Words, fresh: ReadonlySet<string>, found: Set<Rule>): void {
  const on = words.find('on')
  const { name } = words.name(words.skip(on + 1, 'only'))
  if (!words.has('concurrently') && !fresh.has(name)) found.add('index-lock')
}

function isIndex(words: Words): boolean {
  return words.is(1, 'index') || words.is(1, 'unique index')
}

function isTable(words: Words): boolean {
  return words.is(words.skip(1, 'unlogged', 'foreign'), 'table')
}

function isMakingOrDropping(words: Words): boolean {
  if (words.is(0, 'create')) return isIndex(words) || isTable(words)
  return words.is(0, 'drop') || words.has('add column') || words.has('add value')
}

interface Allowance {
  rule: string
  at: number
  used: boolean
}

/** The permissions in the comments between two places. */
function readAllowances(sql: string, from: number, to: number, findings: LintFinding[]): Allowance[] {
  const allowances: Allowance[] = []
  for (const { kind, text, at } of tokenize(sql.slice(from, to))) {
    if (kind !== 'comment' || !/^--\s*mainstay:\s*allow\b/.test(text)) continue
    const rule = /^--\s*mainstay:\s*allow\s+([a-z-]+)\s+because\s+\S/.exec(text)?.[1]
    if (rule === undefined || !(rule in RULES)) findings.push(finding(sql, from + at, 'allow-syntax'))
    else allowances.push({ rule, at: from + at, used: false })
  }
  return allowances
}

function finding(sql: string, at: number, rule: Rule): LintFinding {
  return { line: sql.slice(0, at).split('\n').length, rule, message: RULES[rule] }
}
