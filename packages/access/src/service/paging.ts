/** What a list request asks for, whatever it lists. */
export interface PageAsk {
  /** The RPC's full name, which its page tokens are bound to. */
  method: string
  /** Empty for lists that belong to no project. */
  projectId: string
  pageSize: number
  pageToken: string
}
