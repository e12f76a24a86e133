/** A key pair and its Data Forest account. */
export type DataforestAccount = {
  readonly accessKey: string
  readonly secretKey: string
  readonly accountId: string
  readonly accountName: string
}

/** Durations in milliseconds, and switches for stricter readings of the documents. */
export type DataforestSettings = {
  listLagMs: number
  /** Durations of NEW and SUBMITTED before ACCEPTED; the documented response to a submit is ACCEPTED. */
  newMs: number
  submittedMs: number
  acceptedMs: number
  runningMs: number
  killMs: number
  /** Maximum number of unfinished apps of an account, beyond which a submit exceeds its quota; 0: unlimited. */
  maxActiveApps: number
  /** Undocumented fields are rejected. Not documented: accepted by default. */
  refuseUnknownFields: boolean
  /** Every operation, not only `accounts/getList`, requires `Content-Type: application/json`. */
  requireContentType: boolean
  /** Killing an ended app is rejected. Not documented: by default it succeeds without effect. */
  refuseKillOfEnded: boolean
  /** The service's errors have HTTP 200 and `success: false`. */
  errorsIn200: boolean
  /** The gateway's `errorCode` is a number, as in its table, not a string, as in its example. */
  numericErrorCodes: boolean
  /** The AI groups are removed from the gateway, as the newer index suggests: 404 with errorCode 300. */
  isAiRetired: boolean
}

/** An `AiAppDocker`. */
export interface AiAppDocker {
  image: string
  command: string
  args?: string
  env?: Record<string, string>
  exposeTcpPorts?: number[]
  workdir?: string
}

/** An `AiAppTypeSpec`: the configuration of a workspace's apps. */
export interface Configuration {
  docker: AiAppDocker
  [field: string]: unknown
}

/** The validated body of `aiapps/submit`. */
export interface AiAppRequest {
  aiWorkspaceId: string
  namePrefix: string
  queueName: string
  docker: AiAppDocker
  resource: { cpuCount?: number; memoryMb?: number }
}

/** The validated body of `aiworkspaces/create`. */
export interface WorkspaceRequest {
  accountId: string
  name: string
  description?: string
  configuration: Configuration
}

/** The stored data of a workspace. */
export interface WorkspaceData {
  description: string
  /** Oldest first. Times are epoch ms. */
  history: { configuration: Configuration; at: number }[]
}

/** The stored data of an app. */
export interface AiAppData {
  appId: string
  workspaceName: string
  request: AiAppRequest
}

/** ISO 8601 in Korean time, the format of every timestamp of the API; epoch 0 means "not finished". */
export function koreanTime(at: number): string {
  const wall = new Date(at + 9 * 3_600_000).toISOString()
  return at === 0 ? '1970-01-01T09:00:00+09:00' : wall.replace('Z', '+09:00')
}
