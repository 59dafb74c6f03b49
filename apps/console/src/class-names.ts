/** Joins class names and leaves out what is false, so that a class can hang on a condition. */
export function cx(...names: (string | false | undefined)[]): string {
  return names.filter(Boolean).join(' ')
}
