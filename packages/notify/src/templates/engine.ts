import { appError, type FieldViolation } from '@mainstay/kernel'
import { convert } from 'html-to-text'
import { Liquid, LiquidError, type Template } from 'liquidjs'
import { reasons } from '../errors.ts'
import type { EmailBody } from '../rendering.ts'

/** A template's three parts, parsed. */
export interface ParsedTemplate {
  render(data: Record<string, unknown>): EmailBody
}

/**
 * What one template may cost: templates are written by people whom we do not know, and a loop over a huge range must
 * end in an error, not in a worker that answers nobody. Characters, milliseconds, and liquidjs's own count of memory.
 */
const LIMITS = { parseLimit: 1_500_000, renderLimit: 200, memoryLimit: 20_000_000 }

/** A rendered part longer than this is refused: providers would refuse it, and the ledger should not carry it. */
const MAX_RENDERED_CHARACTERS = 2_000_000

const options = {
  ...LIMITS,
  strictFilters: true,
  strictVariables: true,
  // `{% if coupon %}` and `| default:` are how a template says that a value may be missing.
  lenientIf: true,
  // Templates see the data's own fields, never what lies on JavaScript's prototypes.
  ownPropertyOnly: true,
  // No files: `include`, `render` and `layout` find nothing.
  templates: {},
} as const

const plain = new Liquid(options)
const html = new Liquid({ ...options, outputEscape: 'escape' })

/**
 * Parses a template. Values are escaped in the HTML (unless the template says `| raw`) and as they are elsewhere.
 * Throws `notify.template_invalid` naming every part that is wrong, with line and column.
 */
export function parseTemplate(email: EmailBody): ParsedTemplate {
  const violations: FieldViolation[] = []
  const subject = parsePart(plain, email.subject, 'email.subject', violations)
  const text = parsePart(plain, email.text, 'email.text', violations)
  const body = parsePart(html, email.html, 'email.html', violations)
  if (violations.length > 0) throw invalid('The template is not valid Liquid.', violations)
  return {
    render(data) {
      const problems: FieldViolation[] = []
      const rendered = {
        // A subject is one line, whatever a value brings along.
        subject: renderPart(plain, subject, data, problems)
          .replace(/\s*[\r\n]+\s*/g, ' ')
          .trim(),
        text: renderPart(plain, text, data, problems),
        html: renderPart(html, body, data, problems),
      }
      if (rendered.subject === '' && problems.length === 0) {
        problems.push({ field: 'data', description: 'leaves the subject empty' })
      }
      if (problems.length > 0) throw invalid('The template cannot be filled with this data.', problems)
      return withText(rendered)
    },
  }
}

/** Makes the plain text of an email that has only HTML, for readers and filters that want one. */
export function withText(email: EmailBody): EmailBody {
  if (email.text !== '' || email.html === '') return email
  const text = convert(email.html, {
    wordwrap: 100,
    limits: { maxInputLength: MAX_RENDERED_CHARACTERS, maxDepth: 100 },
    selectors: [
      { selector: 'img', format: 'skip' },
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
    ],
  })
  return { ...email, text }
}

function parsePart(engine: Liquid, source: string, field: string, violations: FieldViolation[]): Template[] {
  try {
    return engine.parse(source)
  } catch (error) {
    violations.push({ field, description: describe(error) })
    return []
  }
}

function renderPart(
  engine: Liquid,
  template: Template[],
  data: Record<string, unknown>,
  problems: FieldViolation[],
): string {
  try {
    const rendered: string = engine.renderSync(template, data)
    if (rendered.length <= MAX_RENDERED_CHARACTERS) return rendered
    problems.push({
      field: 'data',
      description: `makes a text of more than ${MAX_RENDERED_CHARACTERS} characters`,
    })
  } catch (error) {
    problems.push({ field: missingVariable(error) ?? 'data', description: describe(error) })
  }
  return ''
}

/** The path of a variable that the data lacks, as the caller writes it. */
function missingVariable(error: unknown): string | undefined {
  const name = error instanceof Error ? /^undefined variable: ([^,\n]+)/.exec(error.message)?.[1] : undefined
  return name === undefined ? undefined : `data.${name}`
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) throw error
  if (error.message.startsWith('undefined variable')) return 'is used by the template and not given'
  const [message = ''] = error.message.split('\n')
  return LiquidError.is(error) ? message.replace(/, file:[^,]*/, '') : message
}

function invalid(message: string, violations: FieldViolation[]) {
  return appError(reasons, 'notify.template_invalid', message, { violations })
}
