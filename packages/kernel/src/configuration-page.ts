import { describeSettings, type Setting, type SettingsTable } from './config.ts'

/** docs/configuration.md: one table per capability, in the order given. */
export function renderConfigurationMarkdown(tables: readonly SettingsTable[]): string {
  const lines = [
    '# Configuration',
    '',
    'Every setting is an environment variable. All problems are reported at once when the program starts, and it exits',
    'with 1. This page is generated from the settings themselves; durations are in milliseconds, sizes in bytes.',
  ]
  for (const table of tables) {
    lines.push(
      '',
      `## ${table.capability}`,
      '',
      '| variable | type | default | what it does |',
      '| --- | --- | --- | --- |',
    )
    for (const setting of describeSettings([table])) lines.push(renderRow(setting))
  }
  return `${lines.join('\n')}\n`
}

function renderRow(setting: Setting): string {
  const cells = [`\`${setting.env}\``, renderType(setting), renderDefault(setting), setting.doc]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}

function renderType({ type, values, min, max }: Setting): string {
  const name = { duration_ms: 'milliseconds', bytes: 'bytes', url: 'URL', enum: '' }[type as string] ?? type
  if (values) return values.map((value) => `\`${value}\``).join(', ')
  if (type === 'string' || type === 'secret' || type === 'url' || type === 'boolean') return name
  if (min !== undefined && max !== undefined) return `${name}, ${min} to ${max}`
  return min === undefined ? name : `${name}, ≥ ${min}`
}

function renderDefault({ default: value, optional }: Setting): string {
  if (value === undefined) return optional ? '' : 'required'
  return `\`${value}\``
}
