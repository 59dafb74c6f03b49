/** For `validate` of a form's field: what is wrong with a text that has to be a JSON object, or true. */
export function requireJsonObject(text: string): true | string {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return true
    return 'Write one JSON object, in braces.'
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : 'it cannot be read'}.`
  }
}
