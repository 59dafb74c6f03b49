import { Channel, type RenderTemplateResponse } from '@mainstay/proto/notify/v1'
import { TemplateKind, type TemplateProblem } from '@mainstay/proto/notify/v1/templates'
import { Field } from '../../components/field/field.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import { channels } from '../../notify/channels.ts'
import { CodeArea } from './code-area.tsx'
import {
  fieldsOf,
  lineOfSentence,
  type PartName,
  readSentences,
  type TemplateState,
} from './template-state.ts'

type Change = (state: TemplateState) => void

/** What a new template is: its name, and what cannot be changed later. */
export function IdentityFields({
  state,
  onChange,
  error,
}: {
  state: TemplateState
  onChange: Change
  error: string | undefined
}) {
  const isMessage = state.kind === TemplateKind.MESSAGE
  return (
    <div className="grid gap-4 sm:grid-cols-[1fr_140px_140px]">
      <Field label="Name" help="Your code sends this name." error={error}>
        {(control) => (
          <TextInput
            {...control}
            mono
            autoComplete="off"
            spellCheck={false}
            placeholder="order-confirmed"
            value={state.name}
            onChange={(event) => onChange({ ...state, name: event.target.value })}
          />
        )}
      </Field>
      <Field label="Kind">
        {(control) => (
          <Select
            {...control}
            value={state.kind}
            onChange={(event) =>
              onChange({
                ...state,
                kind: Number(event.target.value),
                channel: Channel.EMAIL,
                parts: { [state.defaultLocale]: {} },
              })
            }
          >
            <option value={TemplateKind.MESSAGE}>Message</option>
            <option value={TemplateKind.LAYOUT}>Layout</option>
            <option value={TemplateKind.PARTIAL}>Partial</option>
          </Select>
        )}
      </Field>
      {isMessage && (
        <Field label="Channel">
          {(control) => (
            <Select
              {...control}
              value={state.channel}
              onChange={(event) =>
                onChange({
                  ...state,
                  channel: Number(event.target.value),
                  parts: { [state.defaultLocale]: {} },
                })
              }
            >
              {[...channels]
                .filter(([channel]) => channel !== Channel.WEBHOOK)
                .map(([channel, { word }]) => (
                  <option key={channel} value={channel}>
                    {word}
                  </option>
                ))}
            </Select>
          )}
        </Field>
      )}
    </div>
  )
}

/** The parts of one locale, each with what is wrong at its line. */
export function PartFields({
  state,
  onChange,
  locale,
  preview,
}: {
  state: TemplateState
  onChange: Change
  locale: string
  preview: RenderTemplateResponse | undefined
}) {
  const parts = state.parts[locale] ?? {}
  const format = parts.mjml === undefined || parts.html ? 'html' : 'mjml'
  const isEmail = state.channel === Channel.EMAIL && state.kind === TemplateKind.MESSAGE
  const set = (name: PartName, value: string) =>
    onChange({ ...state, parts: { ...state.parts, [locale]: { ...parts, [name]: value } } })
  const setFormat = (next: 'html' | 'mjml') => {
    const { html = '', mjml = '', ...rest } = parts
    const source = html || mjml
    onChange({ ...state, parts: { ...state.parts, [locale]: { ...rest, [next]: source } } })
  }
  return (
    <>
      {fieldsOf(state, format).map(({ name, label, rows, help }) => {
        const problems = (preview?.problems ?? []).filter(({ field }) =>
          field.startsWith(`parts.${locale}.${name}`),
        )
        return (
          <div key={name} className="relative">
            {isEmail && name === format && (
              <Segmented
                label="Written in"
                value={format}
                onChange={setFormat}
                className="absolute -top-1.5 right-0 !h-7"
                choices={[
                  { value: 'html', label: 'HTML' },
                  { value: 'mjml', label: 'MJML' },
                ]}
              />
            )}
            <Field label={label} help={help} error={describe(problems)}>
              {(control) =>
                rows === 1 ? (
                  <TextInput
                    {...control}
                    mono
                    spellCheck={false}
                    className="!text-xs"
                    value={parts[name] ?? ''}
                    onChange={(event) => set(name, event.target.value)}
                  />
                ) : (
                  <CodeArea
                    control={control}
                    rows={rows}
                    value={parts[name] ?? ''}
                    onChange={(value) => set(name, value)}
                    marked={new Set(problems.map(({ line }) => line).filter((line) => line > 0))}
                  />
                )
              }
            </Field>
          </div>
        )
      })}
    </>
  )
}

/** The sentences of one locale, one a line. */
export function SentenceField({
  state,
  onChange,
  locale,
  preview,
}: {
  state: TemplateState
  onChange: Change
  locale: string
  preview: RenderTemplateResponse | undefined
}) {
  const text = state.sentences[locale] ?? ''
  const { wrong } = readSentences(text)
  const prefix = `messages.${locale}.`
  const problems = (preview?.problems ?? []).filter(({ field }) => field.startsWith(prefix))
  const placed = problems.map((one) => ({
    ...one,
    line: lineOfSentence(text, one.field.slice(prefix.length)),
  }))
  const unread = wrong[0] === undefined ? undefined : `Line ${wrong[0]}: write key = sentence.`
  return (
    <Field
      label={`Sentences (${locale})`}
      optional
      help={'In ICU MessageFormat, one a line. A template says one by {{ "key" | t }}.'}
      error={unread ?? describe(placed)}
    >
      {(control) => (
        <CodeArea
          control={control}
          rows={5}
          value={text}
          onChange={(value) => onChange({ ...state, sentences: { ...state.sentences, [locale]: value } })}
          marked={new Set([...wrong, ...placed.map(({ line }) => line)])}
        />
      )}
    </Field>
  )
}

function describe(problems: readonly Pick<TemplateProblem, 'line' | 'description'>[]): string | undefined {
  if (problems.length === 0) return undefined
  return problems
    .slice(0, 3)
    .map(({ line, description }) =>
      line > 0
        ? `Line ${line}: ${description}.`
        : `${description.charAt(0).toUpperCase()}${description.slice(1)}.`,
    )
    .join(' ')
}
