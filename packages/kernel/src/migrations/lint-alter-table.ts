import type { Rule } from './lint-rules.ts'
import type { Words } from './sql-words.ts'

/** ALTER TABLE on a table that may be in use: each of its actions, which stand between commas. */
export function lintAlterTable(words: Words, fresh: ReadonlySet<string>, found: Set<Rule>): void {
  const { name, next } = words.name(words.skip(2, 'if exists', 'only'))
  if (fresh.has(name)) return
  for (const action of words.split(words.skip(next, '*'))) lintAction(action, found)
}

function lintAction(action: Words, found: Set<Rule>): void {
  switch (action.at(0)) {
    case 'add':
      lintAdd(action, found)
      break
    case 'alter':
      lintAlterColumn(action, found)
      break
    case 'drop':
      if (!action.is(1, 'constraint')) found.add('drop-column')
      break
    case 'rename':
      if (!action.is(1, 'constraint')) found.add('rename')
      break
    case 'set':
      if (['logged', 'unlogged', 'tablespace', 'access'].includes(action.at(1))) found.add('rewrite')
      if (action.is(1, 'schema')) found.add('rename')
      break
  }
}

function lintAlterColumn(action: Words, found: Set<Rule>): void {
  const { next } = action.name(action.skip(1, 'column'))
  if (action.is(next, 'type') || action.is(next, 'set data type')) found.add('column-type')
  if (action.is(next, 'set not null')) found.add('not-null')
  if (action.is(next, 'add generated')) found.add('rewriting-column')
}

function lintAdd(action: Words, found: Set<Rule>): void {
  const start = action.is(1, 'constraint') ? action.name(2).next : 1
  if (action.is(start, 'foreign key') || action.is(start, 'check')) {
    if (!action.has('not valid')) found.add('constraint-scan')
  } else if (action.is(start, 'unique') || action.is(start, 'primary key')) {
    if (!action.has('using index')) found.add('unique-lock')
  } else if (action.is(start, 'exclude')) {
    found.add('unique-lock')
  } else if (action.is(start, 'not null')) {
    if (!action.has('not valid')) found.add('not-null')
  } else {
    lintAddColumn(action, found)
  }
}

/** What may follow a default's expression in a column's definition. */
const AFTER_DEFAULT = [
  'not',
  'null',
  'constraint',
  'check',
  'references',
  'unique',
  'primary',
  'generated',
  'collate',
]

function lintAddColumn(action: Words, found: Set<Rule>): void {
  const { next } = action.name(action.skip(1, 'column', 'if not exists'))
  if (/^(big|small)?serial[248]?$/.test(action.at(next)) || action.has('generated')) {
    found.add('rewriting-column')
    return
  }
  const at = action.find('default', next)
  if (action.has('not null') && at < 0) found.add('not-null')
  if (at >= 0 && isVolatile(action, at + 1)) found.add('rewriting-default')
  if (action.has('references') || action.has('check')) found.add('constraint-scan')
  if (action.has('unique') || action.has('primary key')) found.add('unique-lock')
}

/** Functions whose value is one for the whole statement, so that PostgreSQL stores it once and rewrites nothing. */
const STABLE = [
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'current_setting',
  'jsonb_build_object',
]

function isVolatile(action: Words, from: number): boolean {
  for (let index = from; index < action.length; index++) {
    if (AFTER_DEFAULT.includes(action.at(index))) return false
    const isCall = action.tokens[index]?.kind === 'word' && action.at(index + 1) === '('
    if (isCall && !STABLE.includes(action.at(index))) return true
  }
  return false
}
