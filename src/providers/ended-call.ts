/** A provider call that has ended. */
export interface EndedCall {
  connectionId: string
  operation: string
  seconds: number
  /** Absent if the call succeeded. */
  error?: unknown
  /** What a create or an update sends, the workload's secrets among them. */
  environmentVariables?: Readonly<Record<string, string>> | undefined
}
