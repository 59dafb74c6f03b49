import { AppError } from '@mainstay/kernel'
import type { FindCategory } from '../accept/categories.ts'
import type { Renderer } from '../rendering.ts'
import type { Definition, Letter, Path, Problem } from './definition/definition.ts'
import { countSteps, flatten, MAX_STEPS } from './definition/plan.ts'

export interface Names {
  renderer: Pick<Renderer, 'find'>
  findCategory: FindCategory
}

/** What is wrong with what a definition names outside of it: what is not there, and templates that are for another channel. */
export async function checkNames(
  { steps, category }: Definition,
  projectId: string,
  { renderer, findCategory }: Names,
): Promise<Problem[]> {
  // Too many steps are a problem by themselves, and each one here is a query.
  if (countSteps(steps) > MAX_STEPS) return []
  const letters = flatten(steps).flatMap((step): { letter: Letter; path: Path }[] => {
    if (step.kind === 'channel') return [{ letter: step, path: step.path }]
    if (step.kind !== 'fallback') return []
    return step.tries.map((letter, index) => ({ letter, path: [...step.path, 'fallback', index] }))
  })
  const found = await Promise.all(
    letters.map(({ letter, path }) => checkLetter(letter, [...path, 'template'], projectId, renderer)),
  )
  if (category !== '' && !(await findCategory(projectId, category))) {
    found.push([{ path: ['category'], description: `names no category: there is no "${category}"` }])
  }
  return found.flat()
}

async function checkLetter(
  { template, channel }: Letter,
  path: Path,
  projectId: string,
  renderer: Pick<Renderer, 'find'>,
): Promise<Problem[]> {
  if (template === undefined) return []
  try {
    const found = await renderer.find(projectId, template)
    if (found.channel === channel) return []
    return [
      {
        path,
        description: `"${template.name}" is a template for ${found.channel}, and this sends ${channel}`,
      },
    ]
  } catch (error) {
    if (!(error instanceof AppError) || error.reason !== 'notify.template_not_found') throw error
    const version = template.version === 0 ? '' : ` with a version ${template.version}`
    return [{ path, description: `names no template: there is no "${template.name}"${version}` }]
  }
}
