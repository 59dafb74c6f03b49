import { phoneLibrary } from '../providers/phone-library.ts'

/** Whether the text is a country with telephone numbers, as ISO 3166-1 alpha-2: `DE`. */
export function isCountry(text: string): boolean {
  return phoneLibrary().isSupportedCountry(text)
}
