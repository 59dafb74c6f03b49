import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { temporaryHome } from '../testing/index.ts'
import { type LintContext, lintMigration, lintMigrationsDir } from './lint.ts'

const rules = (sql: string, context?: LintContext): string[] =>
  lintMigration(sql, context).map(({ rule }) => rule)

/** What is refused on a table in use, and the rule that refuses it. */
const refused: [string, string][] = [
  ['CREATE INDEX i ON a.t (x)', 'index-lock'],
  ['create unique index if not exists i on only a.t (x)', 'index-lock'],
  ['CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a.t (x)', 'needs-no-transaction'],
  ['DROP INDEX a.i', 'drop-index-lock'],
  ['VACUUM (ANALYZE) a.t', 'needs-no-transaction'],
  ['CLUSTER a.t USING i', 'rewrite'],
  ['BEGIN', 'transaction-control'],
  ['COMMIT', 'transaction-control'],
  ['ALTER TABLE a.t ALTER COLUMN x TYPE bigint', 'column-type'],
  ['ALTER TABLE a.t ALTER x SET DATA TYPE bigint', 'column-type'],
  ['ALTER TABLE ONLY a.t ADD y int, ALTER x SET NOT NULL', 'not-null'],
  ['ALTER TABLE a.t ADD COLUMN x int NOT NULL', 'not-null'],
  ['ALTER TABLE a.t ADD CONSTRAINT n NOT NULL x', 'not-null'],
  ['ALTER TABLE IF EXISTS a.t ADD x uuid DEFAULT gen_random_uuid()', 'rewriting-default'],
  ['ALTER TABLE a.t ADD x timestamptz NOT NULL DEFAULT clock_timestamp()', 'rewriting-default'],
  ['ALTER TABLE a.t ADD COLUMN x bigserial', 'rewriting-column'],
  ['ALTER TABLE a.t ADD x int GENERATED ALWAYS AS (y + 1) STORED', 'rewriting-column'],
  ['ALTER TABLE a.t ADD CHECK (x > 0)', 'constraint-scan'],
  ['ALTER TABLE a.t ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES a.u', 'constraint-scan'],
  ['ALTER TABLE a.t ADD x int REFERENCES a.u', 'constraint-scan'],
  ['ALTER TABLE a.t ADD CONSTRAINT u UNIQUE (x)', 'unique-lock'],
  ['ALTER TABLE a.t ADD PRIMARY KEY (x)', 'unique-lock'],
  ['ALTER TABLE a.t ADD EXCLUDE USING gist (x WITH &&)', 'unique-lock'],
  ['ALTER TABLE a.t SET UNLOGGED', 'rewrite'],
  ['ALTER TABLE a.t RENAME COLUMN x TO y', 'rename'],
  ['ALTER TABLE a.t RENAME TO u', 'rename'],
  ['ALTER TABLE a.t SET SCHEMA b', 'rename'],
  ['ALTER TABLE a.t DROP COLUMN x', 'drop-column'],
  ['DROP TABLE a.t', 'drop-table'],
  ['DROP SCHEMA a CASCADE', 'drop-table'],
  ['TRUNCATE TABLE a.t', 'truncate'],
  ['UPDATE a.t SET x = 1', 'whole-table-change'],
  ['DELETE FROM a.t', 'whole-table-change'],
  ['ALTER TYPE a.mood RENAME VALUE $$x$$ TO $$y$$', 'type-change'],
  ['CREATE TABLE t (project_id uuid PRIMARY KEY)', 'unqualified-table'],
  ['CREATE TABLE a.t (id uuid PRIMARY KEY)', 'project-key'],
  ['CREATE UNLOGGED TABLE a.t (id uuid, project_id uuid, PRIMARY KEY (id, project_id))', 'project-key'],
  ['CREATE TABLE a.t (x int)', 'project-key'],
]

/** What may be done to a table in use. */
const allowed = [
  'ALTER TABLE a.t ADD COLUMN x int',
  `ALTER TABLE a.t ADD COLUMN IF NOT EXISTS x text NOT NULL DEFAULT 'a' || now()`,
  'ALTER TABLE a.t ADD x boolean DEFAULT false NOT NULL',
  'ALTER TABLE a.t ALTER x SET DEFAULT gen_random_uuid(), ALTER x DROP NOT NULL',
  'ALTER TABLE a.t ADD CONSTRAINT c CHECK (x > 0) NOT VALID',
  'ALTER TABLE a.t ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES a.u NOT VALID',
  'ALTER TABLE a.t VALIDATE CONSTRAINT c',
  'ALTER TABLE a.t ADD CONSTRAINT u UNIQUE USING INDEX i',
  'ALTER TABLE a.t DROP CONSTRAINT c',
  'ALTER TABLE a.t SET (fillfactor = 80)',
  `ALTER TYPE a.mood ADD VALUE IF NOT EXISTS 'calm'`,
  'UPDATE a.t SET x = 1 WHERE x IS NULL',
  'CREATE SCHEMA IF NOT EXISTS a',
  'CREATE TABLE a.t (project_id uuid, x int, PRIMARY KEY (project_id, x))',
  'CREATE TABLE a.t_1 PARTITION OF a.t FOR VALUES FROM (1) TO (2)',
  'CREATE TABLE a.t_2 (LIKE a.t INCLUDING ALL)',
  `COMMENT ON TABLE a.t IS 'DROP TABLE a.t'`,
  `INSERT INTO a.t VALUES ('UPDATE a.t SET x = 1')`,
]

describe('a table in use', () => {
  for (const [sql, rule] of refused) {
    test(`is protected from: ${sql}`, () => assert.deepEqual(rules(`${sql};`), [rule]))
  }
  for (const sql of allowed) {
    test(`may have: ${sql}`, () => assert.deepEqual(rules(`${sql};`), []))
  }
})

test('a table made by the same file is nobody else’s yet', () => {
  const sql = `CREATE TABLE IF NOT EXISTS a."T" (project_id uuid PRIMARY KEY);
    CREATE INDEX i ON a."T" (project_id);
    ALTER TABLE a."T" ADD x int NOT NULL, ADD UNIQUE (x);
    UPDATE a."T" SET x = 1; TRUNCATE a."T"; DROP TABLE a."T";`
  assert.deepEqual(rules(sql), [])
  assert.deepEqual(rules(sql.replaceAll('INDEX i ON a."T"', 'INDEX i ON a.t')), ['index-lock'])
})

describe('a no-transaction file', () => {
  const file = (sql: string) => `-- mainstay: no-transaction\n${sql}`
  test('may build and drop indexes without locking', () => {
    assert.deepEqual(
      rules(
        file('CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a.t (x); DROP INDEX CONCURRENTLY IF EXISTS a.j'),
      ),
      [],
    )
  })
  test('must bear being run again', () => {
    assert.deepEqual(rules(file('CREATE INDEX CONCURRENTLY i ON a.t (x)')), ['not-repeatable'])
    assert.deepEqual(rules(file('ALTER TABLE a.t ADD COLUMN x int')), ['not-repeatable'])
  })
})

describe('a permission', () => {
  const sql =
    '\n-- mainstay: allow drop-column because nothing has read it since 1.2\nALTER TABLE a.t DROP COLUMN x;'
  test('allows one rule for the one statement below it', () => {
    assert.deepEqual(rules(sql), [])
    assert.deepEqual(rules(`${sql}\nALTER TABLE a.t DROP COLUMN y;`), ['drop-column'])
    assert.deepEqual(rules(sql.replace('DROP COLUMN x', 'DROP COLUMN x, ALTER y TYPE int')), ['column-type'])
  })
  test('that nothing needs is found', () => {
    assert.deepEqual(lintMigration(sql.replace('DROP COLUMN x', 'ADD z int')), [
      { line: 2, rule: 'allow-unused', message: 'nothing here needs this permission: remove it' },
    ])
    assert.deepEqual(rules(`SELECT 1;${sql.split('ALTER')[0]}`), ['allow-unused'])
  })
  test('without a rule that exists or without a reason is none', () => {
    assert.deepEqual(rules(sql.replace(' because nothing', '')), ['allow-syntax', 'drop-column'])
    assert.deepEqual(rules(sql.replace('drop-column', 'drop-colum')), ['allow-syntax', 'drop-column'])
  })
})

describe('a DO block', () => {
  const block = (body: string): string[] => rules(`DO $do$ ${body} $do$;`)

  test('is looked into, through its control flow', () => {
    assert.deepEqual(block('BEGIN DROP TABLE a.t; END'), ['drop-table'])
    assert.deepEqual(
      block(`<<top>> DECLARE n int := 1; r record;
        BEGIN
          IF EXISTS (SELECT FROM a.t WHERE x = CASE WHEN y THEN 1 ELSE 2 END) THEN
            ALTER TABLE a.t RENAME TO u;
          ELSIF n = 1 THEN NULL;
          ELSE TRUNCATE a.t;
          END IF;
          FOR r IN SELECT 1 LOOP UPDATE a.t SET x = 1; END LOOP;
          CASE n WHEN 1 THEN ALTER TABLE a.t ALTER x TYPE int; ELSE NULL; END CASE;
        EXCEPTION WHEN others THEN ALTER TABLE a.t DROP COLUMN x;
        END top`).sort(),
      ['column-type', 'drop-column', 'rename', 'truncate', 'whole-table-change'],
    )
    assert.deepEqual(rules(`DO 'BEGIN DROP TABLE a."t''s"; END'`), ['drop-table'])
    assert.deepEqual(block('BEGIN FOR r IN DELETE FROM a.t RETURNING * LOOP NULL; END LOOP; END'), [
      'whole-table-change',
    ])
  })

  test('may do what any statement may', () => {
    for (const body of [
      'BEGIN UPDATE a.t SET x = CASE WHEN y THEN 1 ELSE 2 END WHERE x IS NULL; END',
      `BEGIN RAISE NOTICE 'DROP TABLE a.t'; GRANT EXECUTE ON FUNCTION a.f TO b; END`,
      'DECLARE start int; BEGIN start := 1; WHILE start < 3 LOOP start = start + 1; END LOOP; END;',
      'BEGIN CREATE TABLE a.u (project_id uuid PRIMARY KEY); DROP TABLE a.u; END',
      'BEGIN',
      '',
    ]) {
      assert.deepEqual(block(body), [], body)
    }
  })

  test('runs in one transaction, and may not end it', () => {
    assert.deepEqual(block('BEGIN COMMIT; END'), ['transaction-control'])
    assert.deepEqual(
      rules(
        '-- mainstay: no-transaction\nDO $$ BEGIN CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a.t (x); END $$',
      ),
      ['needs-no-transaction'],
    )
  })

  test('may EXECUTE what can be read, which is looked at too', () => {
    const execute = (what: string): string[] => block(`BEGIN EXECUTE ${what}; END`)
    assert.deepEqual(execute(`'DROP TABLE a.t'`), ['drop-table'])
    assert.deepEqual(execute(`E'DROP\\nTABLE a.t' INTO x USING 1`), ['drop-table'])
    assert.deepEqual(execute(`$x$ DO $$ BEGIN TRUNCATE a.t; END $$ $x$`), ['truncate'])
    assert.deepEqual(execute(`format('ALTER TABLE a.%I DROP COLUMN %2$I', 'x' || n, b)`), ['drop-column'])
    assert.deepEqual(execute(`format('COMMENT ON TABLE a.t IS %L', now())`), [])
    assert.deepEqual(execute(`format('ALTER TABLE %s ADD x int', t)`), ['unreadable-sql'])
    assert.deepEqual(execute(`'DROP TABLE ' || t`), ['unreadable-sql'])
    assert.deepEqual(execute(`format('DROP' || %L, x)`), ['unreadable-sql'])
    assert.deepEqual(execute('statement'), ['unreadable-sql'])
    assert.deepEqual(block('BEGIN FOR r IN EXECUTE q LOOP NULL; END LOOP; END'), ['unreadable-sql'])
    assert.deepEqual(rules('DO LANGUAGE plpython3u $$ pass $$'), ['unreadable-sql'])
    assert.deepEqual(rules(`DO LANGUAGE 'plpgsql' $$ BEGIN TRUNCATE a.t; END $$`), ['truncate'])
  })

  test('is given permission as a whole', () => {
    const sql = 'DO $$ BEGIN EXECUTE q; TRUNCATE a.t; END $$;'
    const allow = '-- mainstay: allow unreadable-sql because q is one of ours\n'
    assert.deepEqual(rules(allow + sql), ['truncate'])
  })
})

test('findings tell their line', () => {
  assert.deepEqual(
    lintMigration('SELECT 1;\n\n/* a\nb */ DROP TABLE a.t;\nTRUNCATE a.t').map(({ line, rule }) => [
      line,
      rule,
    ]),
    [
      [4, 'drop-table'],
      [5, 'truncate'],
    ],
  )
})

test('a folder is linted file by file; the kernel’s own tables belong to no project', async () => {
  const top = temporaryHome()
  for (const name of ['notify', 'kernel']) {
    const folder = join(top, name, 'migrations')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, '0001_a.sql'), `CREATE TABLE ${name}.t (id int);`)
    writeFileSync(join(folder, '0002_b.sql'), `\nDROP TABLE ${name}.t;`)
  }
  const found = async (name: string) =>
    (await lintMigrationsDir(join(top, name, 'migrations'))).map(
      ({ file, line, rule }) => `${file}:${line} ${rule}`,
    )
  assert.deepEqual(await found('notify'), ['0001_a.sql:1 project-key', '0002_b.sql:2 drop-table'])
  assert.deepEqual(await found('kernel'), ['0002_b.sql:2 drop-table'])
  rmSync(top, { recursive: true })
})

test('no text can break the linter', () => {
  const word = fc.constantFrom(
    ...[
      'CREATE',
      'ALTER',
      'TABLE',
      'INDEX',
      'CONCURRENTLY',
      'IF',
      'NOT',
      'EXISTS',
      'ON',
      'ADD',
      'COLUMN',
      'DEFAULT',
    ],
    ...[
      'PRIMARY',
      'KEY',
      'a.t',
      '(',
      ')',
      ',',
      ';',
      '.',
      'DROP',
      'UPDATE',
      'SET',
      `'x'`,
      '-- mainstay: allow x\n',
      ...['DO', '$$', 'BEGIN', 'END', 'IF', 'THEN', 'LOOP', 'CASE', 'WHEN', 'EXECUTE', 'format', '<<'],
    ],
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), (words) => {
      lintMigration(words.join(' '))
    }),
    { numRuns: 2000 },
  )
})
