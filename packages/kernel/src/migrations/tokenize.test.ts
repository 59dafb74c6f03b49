import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { splitStatements, tokenize } from './tokenize.ts'

const kinds = (sql: string): string[] =>
  tokenize(sql)
    .filter(({ kind }) => kind !== 'space')
    .map(({ kind, text }) => `${kind}:${text}`)

test('strings, names and comments are read as PostgreSQL reads them', () => {
  assert.deepEqual(kinds(`'it''s' "a""b" E'x\\'y' B'01' U&'\\0441' U&"d" $$a;'b$$ $x$ $$ $x$`), [
    `string:'it''s'`,
    'quoted:"a""b"',
    `string:E'x\\'y'`,
    `string:B'01'`,
    `string:U&'\\0441'`,
    'quoted:U&"d"',
    `string:$$a;'b$$`,
    'string:$x$ $$ $x$',
  ])
  assert.deepEqual(kinds(`a -- b ; 'c\n/* d /* e */ ; */ f`), [
    'word:a',
    `comment:-- b ; 'c`,
    'comment:/* d /* e */ ; */',
    'word:f',
  ])
  assert.deepEqual(kinds(`'a\\' x $1 price$2 1.5e3 ::text Größe`), [
    `string:'a\\'`,
    'word:x',
    'symbol:$',
    'number:1',
    'word:price$2',
    'number:1.5e3',
    'symbol::',
    'symbol::',
    'word:text',
    'word:Größe',
  ])
})

test('what is never closed runs to the end', () => {
  for (const open of [`'abc`, `"abc`, '/* abc', '/* /* */', '$$ abc', '$tag$ abc $$', `E'\\'`]) {
    const tokens = tokenize(`x ${open}`)
    assert.equal(tokens.at(-1)?.text, open)
  }
})

test('statements end at their semicolons and nowhere else', () => {
  const sql = `
    -- first; not here
    CREATE TABLE a (b text DEFAULT ';');
    CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;;
    CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2);
    CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
    SELECT 1 -- last
  `
  const statements = splitStatements(sql)
  assert.deepEqual(
    statements.map(({ text }) => text.slice(0, 18)),
    [
      'CREATE TABLE a (b ',
      'CREATE FUNCTION f(',
      'CREATE RULE r AS O',
      'CREATE FUNCTION g(',
      'SELECT 1 -- last',
    ],
  )
  for (const { text, at } of statements) assert.equal(sql.slice(at, at + text.length), text)
})

test('any text at all is cut into tokens that make it up again', () => {
  const piece = fc.constantFrom(
    `'`,
    '"',
    '$',
    '$$',
    '$a$',
    '/*',
    '*/',
    '--',
    '\n',
    '\\',
    'E',
    'U&',
    ';',
    '(',
    ')',
    ' ',
  )
  const wild = fc
    .array(fc.oneof(piece, fc.string({ unit: 'binary' })), { maxLength: 40 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(wild, (sql) => {
      const tokens = tokenize(sql)
      assert.equal(tokens.map(({ text }) => text).join(''), sql)
      for (const { text, at } of tokens) assert.ok(text.length > 0 && sql.startsWith(text, at))
      splitStatements(sql)
    }),
    { numRuns: 2000 },
  )
})
