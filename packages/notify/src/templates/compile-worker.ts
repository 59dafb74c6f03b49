import { parentPort } from 'node:worker_threads'
import juice from 'juice'
import mjml from 'mjml-core'
import preset from 'mjml-preset-core'

/** What the thread is asked: HTML with style sheets, or MJML. */
export interface CompileJob {
  id: number
  kind: 'html' | 'mjml'
  source: string
}

/** What it answers. */
export interface CompileAnswer {
  id: number
  html: string
  errors: readonly { line: number; message: string }[]
}

/** A thread of its own, so that a source that takes too long or too much can be ended without ending the program. */
parentPort?.on('message', (job: CompileJob) => {
  compile(job).then(
    (answer) => parentPort?.postMessage({ ...answer, id: job.id } satisfies CompileAnswer),
    (error: unknown) =>
      parentPort?.postMessage({ id: job.id, html: '', errors: readErrors(error) } satisfies CompileAnswer),
  )
})

// From here on a source's time counts: until then it is the thread's, which takes long where the machine is busy.
parentPort?.postMessage('ready')

async function compile({ kind, source }: CompileJob): Promise<Omit<CompileAnswer, 'id'>> {
  // Rules that cannot stand in an element, such as @media and :hover, stay in the style sheet.
  if (kind === 'html') return { html: juice(source), errors: [] }
  const { html, errors } = await mjml.default(source, {
    presets: [preset],
    validationLevel: 'strict',
    ignoreIncludes: true,
    // MJML would make every mail fetch its default fonts from Google; `<mj-font>` names those that are wanted.
    fonts: {},
    keepComments: false,
    minify: false,
  })
  return { html, errors: errors.map(({ line, message }) => ({ line, message })) }
}

function readErrors(error: unknown): CompileAnswer['errors'] {
  const { errors, message } = error as {
    errors?: readonly { line: number; message: string }[]
    message?: string
  }
  if (Array.isArray(errors) && errors.length > 0)
    return errors.map(({ line, message: said }) => ({ line, message: said }))
  return [{ line: 0, message: (message ?? String(error)).split('\n')[0] ?? '' }]
}
