import type { Path } from '@bufbuild/protobuf/reflect'

/** A JSON path as a caller writes it: `recipient.email`, `items[3].name`, `labels["a b"]`. Empty: the message itself. */
export function violationPath(path: Path): string {
  let text = ''
  for (const step of path) {
    switch (step.kind) {
      case 'field':
        text = memberPath(text, step.jsonName)
        break
      case 'list_sub':
        text += `[${step.index}]`
        break
      case 'map_sub':
        text = entryPath(text, String(step.key))
        break
      case 'extension':
        text = memberPath(text, `[${step.typeName}]`)
        break
      case 'oneof':
        text = memberPath(text, step.localName)
        break
    }
  }
  return text
}

export function memberPath(parent: string, name: string): string {
  return parent === '' ? name : `${parent}.${name}`
}

/** A map's entry. Keys are the caller's own text: long ones are cut. */
export function entryPath(parent: string, key: string): string {
  return `${parent}[${JSON.stringify(key.length > 64 ? `${key.slice(0, 64)}…` : key)}]`
}
