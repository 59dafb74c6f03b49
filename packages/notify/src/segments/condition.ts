import {
  type Comparison,
  type Order,
  type SegmentRule,
  TEXT_FIELDS,
  type TextField,
  TIME_FIELDS,
} from './rule.ts'

/** A condition over `notify.recipients r`, and the values of its parameters. */
export interface SqlCondition {
  text: string
  values: unknown[]
}

/**
 * The rule as SQL over `notify.recipients r`. Nothing of it stands in the text: names and values are parameters, numbered from
 * `firstParameter` on.
 *
 * It is true or false for every recipient and never null, so that `not` means what it says: who lacks a field is not equal to
 * anything. Equality of attributes is containment, which the index over them answers.
 */
export function segmentCondition(rule: SegmentRule, firstParameter = 1): SqlCondition {
  const values: unknown[] = []
  const add = (value: unknown, type: string): string => {
    values.push(value)
    return `$${firstParameter + values.length - 1}::${type}`
  }
  return { text: compile(rule, add), values }
}

/** Adds a parameter, and gives the text that stands for it. */
type AddParameter = (value: unknown, type: string) => string

const ORDER_SIGNS: Readonly<Record<Order, string>> = { gt: '>', gte: '>=', lt: '<', lte: '<=' }

function compile(rule: SegmentRule, add: AddParameter): string {
  switch (rule.kind) {
    case 'all':
      return join(
        rule.rules.map((one) => compile(one, add)),
        'AND',
        'true',
      )
    case 'any':
      return join(
        rule.rules.map((one) => compile(one, add)),
        'OR',
        'false',
      )
    case 'not':
      return `NOT (${compile(rule.rule, add)})`
    case 'topic':
      return `EXISTS (SELECT FROM notify.topic_members tm WHERE tm.project_id = r.project_id
        AND tm.topic = ${add(rule.topic, 'text')} COLLATE "C" AND tm.recipient_id = r.recipient_id)`
    case 'time':
      return `r.${TIME_FIELDS[rule.field]} ${ORDER_SIGNS[rule.operator]} ${add(rule.value, 'timestamptz')}`
    case 'text':
      return compileText(rule.field, rule.comparison, add)
    case 'attribute':
      return compileAttribute(rule.path, rule.comparison, add)
  }
}

function join(conditions: readonly string[], word: 'AND' | 'OR', empty: string): string {
  return conditions.length === 0 ? empty : `(${conditions.join(` ${word} `)})`
}

/** Nobody tells these apart by case. */
const ANY_CASE: ReadonlySet<TextField> = new Set(['email', 'displayName'])

function compileText(field: TextField, comparison: Comparison, add: AddParameter): string {
  const column = `r.${TEXT_FIELDS[field]}`
  const anyCase = ANY_CASE.has(field)
  const text = anyCase ? `lower(${column})` : column
  const parameter = (value: unknown) => (anyCase ? `lower(${add(value, 'text')})` : add(value, 'text'))
  const known = (condition: string) => `(${column} IS NOT NULL AND ${condition})`
  switch (comparison.operator) {
    case 'eq':
      return known(`${text} = ${parameter(comparison.value)}`)
    case 'neq':
      return `NOT ${known(`${text} = ${parameter(comparison.value)}`)}`
    case 'in':
      return known(`${text} IN (${comparison.values.map(parameter).join(', ')})`)
    case 'exists':
      return `${column} IS ${comparison.value ? 'NOT NULL' : 'NULL'}`
    case 'contains':
      return known(`position(${parameter(comparison.value)} IN ${text}) > 0`)
    case 'prefix':
      return known(`starts_with(${text}, ${parameter(comparison.value)})`)
    default:
      throw new TypeError(`Texts are not compared by ${comparison.operator}`)
  }
}

function compileAttribute(path: readonly string[], comparison: Comparison, add: AddParameter): string {
  const holds = (value: unknown): string =>
    `r.attributes @> ${add(
      JSON.stringify(path.reduceRight((inner: unknown, step) => ({ [step]: inner }), value)),
      'jsonb',
    )}`
  /** The path stands in the text as often as it is needed, and is one parameter. */
  const steps = (): string => add(path, 'text[]')
  switch (comparison.operator) {
    case 'eq':
      return holds(comparison.value)
    case 'neq':
      return `NOT (${holds(comparison.value)})`
    case 'in':
      return join(comparison.values.map(holds), 'OR', 'false')
    case 'exists': {
      const type = `jsonb_typeof(r.attributes #> ${steps()})`
      return `coalesce(${type}, 'null') ${comparison.value ? '<>' : '='} 'null'`
    }
    case 'contains': {
      const inList = holds([comparison.value])
      if (typeof comparison.value !== 'string') return inList
      return `(${inList} OR ${ofType('string', steps(), (text) => `position(${add(comparison.value, 'text')} IN ${text}) > 0`)})`
    }
    case 'prefix':
      return ofType('string', steps(), (text) => `starts_with(${text}, ${add(comparison.value, 'text')})`)
    default: {
      const sign = ORDER_SIGNS[comparison.operator]
      return typeof comparison.value === 'number'
        ? ofType(
            'number',
            steps(),
            (text) => `(${text})::numeric ${sign} ${add(comparison.value, 'numeric')}`,
          )
        : ofType('string', steps(), (text) => `${text} COLLATE "C" ${sign} ${add(comparison.value, 'text')}`)
    }
  }
}

/** CASE and not AND: the condition is not to be tried on what is of another type. */
function ofType(type: 'string' | 'number', steps: string, condition: (text: string) => string): string {
  return `CASE WHEN jsonb_typeof(r.attributes #> ${steps}) = '${type}' THEN ${condition(`(r.attributes #>> ${steps})`)} ELSE false END`
}
