/** One recipient's inbox: test and live ones never meet. */
export interface InboxKey {
  projectId: string
  live: boolean
  recipientId: string
}

/** The inbox as text, the same in every process. */
export function keyText({ projectId, live, recipientId }: InboxKey): string {
  return `${projectId} ${live ? 'live' : 'test'} ${recipientId}`
}
