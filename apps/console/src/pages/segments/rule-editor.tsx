import { Plus, X } from 'lucide-react'
import { cx } from '../../class-names.ts'
import { Button, IconButton } from '../../components/button/button.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import {
  type EditorCondition,
  type EditorGroup,
  type EditorRule,
  fields,
  needsValue,
  newCondition,
  newGroup,
  operatorsOf,
} from './editor-rule.ts'

interface Change {
  /** `next` undefined: the part is taken out. */
  onChange: (id: number, next: EditorRule | undefined) => void
  topics: readonly { id: string; name: string }[]
}

/** As deep as people can still read; the contract takes eight. */
const DEEPEST = 4

/** A group of conditions, and groups within it. */
export function GroupEditor({
  group,
  depth = 1,
  ...change
}: Change & { group: EditorGroup; depth?: number }) {
  const add = (rule: EditorRule) => change.onChange(group.id, { ...group, rules: [...group.rules, rule] })
  return (
    <fieldset
      className={cx('flex min-w-0 flex-col gap-2.5', depth > 1 && 'border-l-2 border-line-strong pl-3')}
    >
      <legend className="sr-only">{depth === 1 ? 'Rule' : 'Group'}</legend>
      <div className="flex items-center gap-2">
        <Select
          aria-label="How conditions are joined"
          value={group.kind}
          onChange={(event) =>
            change.onChange(group.id, { ...group, kind: event.target.value as EditorGroup['kind'] })
          }
          className="max-w-48"
        >
          <option value="all">All of these hold</option>
          <option value="any">Any of these holds</option>
          <option value="none">None of these holds</option>
        </Select>
        {depth > 1 && (
          <IconButton
            label="Remove group"
            onClick={() => change.onChange(group.id, undefined)}
            className="ml-auto"
          >
            <X />
          </IconButton>
        )}
      </div>
      {group.rules.map((rule) =>
        rule.kind === 'condition' ? (
          <ConditionEditor key={rule.id} condition={rule} {...change} />
        ) : (
          <GroupEditor key={rule.id} group={rule} depth={depth + 1} {...change} />
        ),
      )}
      {group.rules.length === 0 && (
        <p className="text-sm text-ink-2">
          {group.kind === 'any'
            ? 'Nobody, until you add a condition.'
            : 'Everybody, until you add a condition.'}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button size="sm" onClick={() => add(newCondition())}>
          <Plus aria-hidden />
          Add condition
        </Button>
        {depth < DEEPEST && (
          <Button size="sm" kind="ghost" onClick={() => add(newGroup('any', [newCondition()]))}>
            <Plus aria-hidden />
            Add group
          </Button>
        )}
      </div>
    </fieldset>
  )
}

function ConditionEditor({ condition, onChange, topics }: Change & { condition: EditorCondition }) {
  const { id, field, path, op, value } = condition
  const set = (change: Partial<EditorCondition>) => onChange(id, { ...condition, ...change })
  const operators = operatorsOf(field)
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Select
        aria-label="About"
        value={field}
        onChange={(event) => {
          const next = event.target.value
          const [first] = operatorsOf(next)
          const keeps = operatorsOf(next).some(([name]) => name === op)
          set({ field: next, value: '', ...(!keeps && first && { op: first[0] }) })
        }}
        className="max-w-32 shrink-0"
      >
        {fields.map(([name, word]) => (
          <option key={name} value={name}>
            {word}
          </option>
        ))}
      </Select>
      {field === 'attributes' && (
        <TextInput
          mono
          aria-label="Path of the attribute"
          placeholder="plan"
          value={path}
          onChange={(event) => set({ path: event.target.value })}
          autoComplete="off"
          spellCheck={false}
          className="max-w-40"
        />
      )}
      {field !== 'topic' && (
        <Select
          aria-label="Comparison"
          value={op}
          onChange={(event) => set({ op: event.target.value })}
          className="max-w-36 shrink-0"
        >
          {operators.map(([name, word]) => (
            <option key={name} value={name}>
              {word}
            </option>
          ))}
        </Select>
      )}
      {needsValue(condition) && (
        <ValueInput
          condition={condition}
          topics={topics}
          onChange={(next) => set({ value: next })}
          value={value}
        />
      )}
      <IconButton label="Remove condition" onClick={() => onChange(id, undefined)} className="ml-auto">
        <X />
      </IconButton>
    </div>
  )
}

function ValueInput({
  condition: { field, op },
  value,
  topics,
  onChange,
}: {
  condition: EditorCondition
  value: string
  topics: Change['topics']
  onChange: (value: string) => void
}) {
  if (field === 'topic' && topics.length > 0) {
    const isListed = value === '' || topics.some(({ id }) => id === value)
    return (
      <Select
        aria-label="Topic"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="max-w-56"
      >
        <option value="">Choose a topic</option>
        {!isListed && <option value={value}>{value}</option>}
        {topics.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
    )
  }
  const isTime = field === 'createTime' || field === 'updateTime'
  return (
    <TextInput
      aria-label={field === 'topic' ? 'Topic' : 'Value'}
      type={isTime ? 'date' : 'text'}
      placeholder={op === 'in' ? 'pro, team' : ''}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      autoComplete="off"
      spellCheck={false}
      className="min-w-24 max-w-56 flex-1"
    />
  )
}
