import { createRemembered, oneOf } from '../remembered/remembered.ts'

/** Test messages stay in the sandbox mailbox; live messages reach people. */
export type ModeName = 'test' | 'live'

/** The mode the operator works in. Starts at test: nobody should reach a person by accident. */
export const mode = createRemembered<ModeName>('mode', 'test', oneOf('test', 'live'))
