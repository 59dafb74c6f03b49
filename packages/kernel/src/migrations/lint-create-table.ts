import type { Rule } from './lint-rules.ts'
import type { Words } from './sql-words.ts'

/** A new table: remembers it as nobody's yet, and looks at its name and its primary key. */
export function lintCreateTable(words: Words, fresh: Set<string>, found: Set<Rule>): void {
  const { name, next } = words.name(words.skip(words.find('table') + 1, 'if not exists'))
  fresh.add(name)
  if (!name.includes('.')) found.add('unqualified-table')
  // A partition has its parent's key, and a copy its original's.
  if (words.at(next) !== '(') return
  const body = words.split(next + 1, words.closing(next))
  if (body.some((item) => item.is(0, 'like'))) return
  if (firstKeyColumn(body) !== 'project_id') found.add('project-key')
}

function firstKeyColumn(body: readonly Words[]): string | undefined {
  for (const item of body) {
    const at = item.find('primary key')
    if (at < 0) continue
    return item.at(at + 2) === '(' ? item.name(at + 3).name : item.name(0).name
  }
  return
}
