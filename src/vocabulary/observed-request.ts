/** A completed request, or one whose client has disconnected. */
export interface ObservedRequest {
  id: string
  method: string
  /** The route's pattern, such as `/jobs/:id`; null if no route matched. */
  route: string | null
  status: number
  seconds: number
  /** Whether the request waits: a long poll or an event stream. */
  isWait: boolean
  /** Code of the problem that was returned, if any. */
  problemCode: string | null
  /** Null if the request was not authenticated. */
  projectId: string | null
}
