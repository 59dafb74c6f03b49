import type { Compiler } from './compiler.ts'
import { NO_SENTENCES } from './icu-messages.ts'
import { beginFilling, createEngine, type Files } from './liquid.ts'
import { createMask } from './masking.ts'
import { type Problem, problem } from './problems.ts'

/** What may be compiled at once, with its layout and partials, in characters. */
const MAX_COMPOSED_CHARACTERS = 600_000

/**
 * Tags that are worked off when a template is published: layouts with their blocks, and `{% include "name" %}` without
 * values of its own. All others are left for the data.
 */
const AT_PUBLICATION =
  /^\{%-?\s*(?:layout\s+(['"])[^'"]+\1\s*-?%\}|block\b|endblock\b|include\s+(['"])[^'"]+\2\s*-?%\})|^\{\{-?\s*block\.super\s*-?\}\}/

/**
 * Makes the HTML of an email as it will be filled: in its layout, with its partials, from MJML, with its style sheets in the
 * elements. Liquid tags stand for themselves through all of it, so that data never meets the compilers, and a message
 * costs no more than a plain template's.
 */
export async function composeHtml(
  { kind, source, field, files }: { kind: 'html' | 'mjml'; source: string; field: string; files: Files },
  compiler: Compiler,
  problems: Problem[],
): Promise<string> {
  const mask = createMask()
  const hide = (text: string): string => mask.hide(text, (tag) => AT_PUBLICATION.test(tag))
  const hidden = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, hide(text)]))
  const own = hide(source)
  const isComposed = /\{%|\{\{/.test(own)
  const before = problems.length
  const composed = isComposed
    ? createEngine({ html: false, files: hidden, translator: NO_SENTENCES }).parse(
        own,
        field,
        problems,
      )(beginFilling({}, problems))
    : own
  if (problems.length > before) return ''
  if (composed.length > MAX_COMPOSED_CHARACTERS) {
    problems.push(
      problem(field, `has more than ${MAX_COMPOSED_CHARACTERS} characters with its layout and partials`),
    )
    return ''
  }
  const include = /<\s*mj-include/i.exec(composed)
  if (kind === 'mjml' && include !== null) {
    const line = isComposed ? 0 : composed.slice(0, include.index).split('\n').length
    problems.push(
      problem(
        field,
        '<mj-include> is switched off: store a partial and write {% include "name" %}',
        line,
        line && 1,
      ),
    )
    return ''
  }
  if (kind === 'html' && !/<style/i.test(composed)) return mask.show(composed).text
  const { html, errors } = await compiler.compile(kind, composed)
  for (const { line, message } of errors) {
    // Lines are those of the whole; with a layout around it they would mislead.
    const at = isComposed ? 0 : line
    problems.push(problem(field, mask.show(message).text, at, at && 1))
  }
  if (errors.length > 0) return ''
  const shown = mask.show(html, composed)
  for (const tag of new Set(shown.lost)) problems.push(lostTag(kind, tag, source, field))
  return shown.text
}

function lostTag(kind: 'html' | 'mjml', tag: string, source: string, field: string): Problem {
  const before = source.slice(0, source.indexOf(tag)).split('\n')
  const why =
    kind === 'mjml'
      ? 'stands between MJML elements, where MJML drops text: put it into <mj-raw>'
      : 'stands between the rules of a style sheet, where it is dropped: use tags in the values of rules'
  return problem(field, `${tag} ${why}`, before.length, (before.at(-1)?.length ?? 0) + 1)
}
