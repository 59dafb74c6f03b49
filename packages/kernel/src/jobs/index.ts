export type { EnqueueOptions, JobCall, JobOptions } from './definition.ts'
export { createJobs, type Jobs, type JobsOptions } from './jobs.ts'
