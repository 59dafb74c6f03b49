/** One fenced block of a document. */
export interface Fence {
  path: string
  /** Of the opening fence, from 1. */
  line: number
  language: string
  text: string
}

/** The fenced blocks of a Markdown document, those inside lists included (CommonMark §4.5). */
export function readFences(path: string, markdown: string): Fence[] {
  const fences: Fence[] = []
  let open: { indent: number; marks: string; fence: Fence; lines: string[] } | undefined
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, indent = '', marks = '', info = ''] = /^( *)(`{3,}|~{3,})(.*)$/.exec(line) ?? []
    if (!open) {
      if (marks === '') continue
      const fence = { path, line: index + 1, language: info.trim().split(' ')[0] as string, text: '' }
      open = { indent: indent.length, marks, fence, lines: [] }
    } else if (marks.startsWith(open.marks) && info.trim() === '') {
      fences.push({ ...open.fence, text: `${open.lines.join('\n')}\n` })
      open = undefined
    } else {
      open.lines.push(line.replace(new RegExp(`^ {0,${open.indent}}`), ''))
    }
  }
  if (open) throw new Error(`${path}:${open.fence.line} opens a block that nothing closes`)
  return fences
}
