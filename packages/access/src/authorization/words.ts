import type { AccessQuestion, Decided } from './decide.ts'
import type { PolicyTrace } from './explain.ts'

/** What decided, in one sentence. */
export function reasonOf(
  { allowed, by }: Decided,
  allowing: readonly string[],
  traces: readonly PolicyTrace[],
  { action }: AccessQuestion,
): string {
  const deciding = traces.filter(({ holds, effect }) => holds && effect === (allowed ? 'permit' : 'forbid'))
  const names = deciding.map(({ name }) => name).join(', ')
  if (allowed)
    return by === 'role'
      ? `The role ${allowing.join(', ')} allows ${action}.`
      : `The policy ${names} permits it.`
  if (names !== '') return `The policy ${names} forbids it.`
  const broken = traces.find(({ error, effect }) => error !== '' && effect === 'forbid')
  if (by === 'policy' && broken !== undefined)
    return `The policy ${broken.name} forbids things, and could not be evaluated.`
  return `No role of the subject allows ${action} here, and no policy permits it.`
}

/** Each is a change that would allow it by itself. */
export function suggestionsOf(
  traces: readonly PolicyTrace[],
  wouldAllow: readonly string[],
  roles: readonly string[],
): string[] {
  const forbidding = traces.filter(({ holds, effect }) => holds && effect === 'forbid')
  if (forbidding.length > 0) {
    return forbidding.map(
      ({ name, conditions }) =>
        `${name} must not hold: ${conditions.flatMap(({ attributes }) => attributes).join(', ') || 'it forbids it always'}.`,
    )
  }
  const byRole = wouldAllow
    .filter((role) => !roles.includes(role))
    .map((role) => `Give the subject the role ${role}.`)
  const byPolicy = traces
    .filter(({ effect }) => effect === 'permit')
    .map(({ name, conditions, error }) => {
      const failing = conditions.filter(({ holds }) => !holds)
      const told = failing.map(({ text, attributes }) => `${text} (${attributes.join(', ')})`)
      return `${name} would permit it: ${told.join('; ') || error}.`
    })
  return [...byRole, ...byPolicy]
}
