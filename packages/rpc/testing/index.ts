export { arbitraryJson } from './arbitrary-json.ts'
export { arbitraryMessage } from './arbitrary-message.ts'
export { type FuzzOptions, fuzz } from './fuzz.ts'
