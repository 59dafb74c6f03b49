/** What the linter refuses, and what to do instead. The keys are the names to use in an `allow` comment. */
export const RULES = {
  'index-lock':
    'building an index locks out writers for as long as it takes: use CREATE INDEX CONCURRENTLY IF NOT EXISTS in a no-transaction file',
  'drop-index-lock':
    'dropping an index waits for every reader: use DROP INDEX CONCURRENTLY IF EXISTS in a no-transaction file',
  'needs-no-transaction':
    'this cannot run inside a transaction: give it a file whose first line is "-- mainstay: no-transaction"',
  'not-repeatable':
    'a no-transaction file may be run again after a crash half way: write IF NOT EXISTS or IF EXISTS',
  'transaction-control': 'the migrator opens and ends transactions itself',
  'column-type':
    'changing a type rewrites the table under a full lock: add a new column, copy in batches, switch over',
  'not-null':
    'this fails or scans under a full lock: add CHECK (column IS NOT NULL) NOT VALID, validate it in the next file, then SET NOT NULL',
  'rewriting-default':
    'a default that differs from row to row rewrites the table under a full lock: add the column without it, then SET DEFAULT, then fill in batches',
  'rewriting-column': 'a stored, serial or identity column rewrites the table under a full lock',
  'constraint-scan':
    'a new constraint scans the table while it locks out writers: add it NOT VALID, and VALIDATE CONSTRAINT in the next file',
  'unique-lock':
    'this builds an index under a full lock: build a unique index CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX',
  rewrite: 'this rewrites the whole table under a full lock',
  rename:
    'programs that still run know the old name: add the new one beside it, and drop the old one in a later release',
  'drop-column':
    'programs that still run read and write this column: stop using it in one release, drop it in the next',
  'drop-table': 'programs that still run use this table: stop using it in one release, drop it in the next',
  truncate: 'this removes every row, under a full lock',
  'whole-table-change':
    'changing every row in one transaction holds locks and bloats the table: do it in batches, in a job',
  'type-change': 'changing a type rewrites every table that has it',
  'unqualified-table': 'a table is written with its schema, since the search path is not ours to rely on',
  'project-key':
    'the primary key begins with project_id, so that rows can be told apart and distributed by project',
  'unreadable-sql':
    'this runs SQL that is put together at run time: write the statement out, or EXECUTE one literal or format() of one with %I and %L only',
  'allow-syntax': 'write "-- mainstay: allow <rule> because <reason>"',
  'allow-unused': 'nothing here needs this permission: remove it',
} as const

export type Rule = keyof typeof RULES
