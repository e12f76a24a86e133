/** A provider call that has ended. */
export interface EndedCall {
  connectionId: string
  operation: string
  seconds: number
  /** Absent if the call succeeded. */
  error?: unknown
  /** Variables in the request of a create or an update; some are secrets of the workload. */
  environmentVariables?: Readonly<Record<string, string>> | undefined
}
