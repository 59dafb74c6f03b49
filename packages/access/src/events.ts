import { defineEvent } from '@mainstay/kernel'

/** A project was created. */
export interface ProjectCreated {
  /** The project's uuid. */
  projectId: string
  slug: string
}

/** An API key was created or revoked. */
export interface ApiKeyChanged {
  /** The project's uuid. */
  projectId: string
  /** The key's uuid. */
  apiKeyId: string
}

/** For whoever keeps something per project, such as its default templates. */
export const projectCreated = defineEvent<ProjectCreated>('access.project_created', {
  key: (payload) => payload.projectId,
})

export const apiKeyCreated = defineEvent<ApiKeyChanged>('access.api_key_created', {
  key: (payload) => payload.apiKeyId,
})

export const apiKeyRevoked = defineEvent<ApiKeyChanged>('access.api_key_revoked', {
  key: (payload) => payload.apiKeyId,
})
