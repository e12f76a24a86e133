/** A key pair and the one Data Forest account behind it. */
export type DataforestAccount = {
  readonly accessKey: string
  readonly secretKey: string
  readonly accountId: string
  readonly accountName: string
}

/** Speeds in milliseconds, and the places where the documents can be read strictly. */
export type DataforestSettings = {
  listLagMs: number
  /** NEW and SUBMITTED come before ACCEPTED when they last; the documented answer to a submit is ACCEPTED. */
  newMs: number
  submittedMs: number
  acceptedMs: number
  runningMs: number
  killMs: number
  /** 0: without limit; else a submit beyond so many unfinished apps of an account exceeds its quota. */
  maxActiveApps: number
  /** Fields that no page names are refused. Silent documents: accepted by default. */
  refuseUnknownFields: boolean
  /** Every operation, not only `accounts/getList`, wants `Content-Type: application/json`. */
  requireContentType: boolean
  /** A kill of an app that has ended is refused. Silent documents: it succeeds and changes nothing. */
  refuseKillOfEnded: boolean
  /** The service's errors come with HTTP 200 and `success: false`. */
  errorsIn200: boolean
  /** The gateway's `errorCode` is a number, as its table says, not a string, as its example shows. */
  numericErrorCodes: boolean
  /** The AI groups are gone from the gateway, as the newer index suggests: 404 with errorCode 300. */
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

/** An `AiAppTypeSpec`: how apps of a workspace are run. */
export interface Configuration {
  docker: AiAppDocker
  [field: string]: unknown
}

/** The body of `aiapps/submit`, once it has passed the rules. */
export interface AiAppRequest {
  aiWorkspaceId: string
  namePrefix: string
  queueName: string
  docker: AiAppDocker
  resource: { cpuCount?: number; memoryMb?: number }
}

/** The body of `aiworkspaces/create`, once it has passed the rules. */
export interface WorkspaceRequest {
  accountId: string
  name: string
  description?: string
  configuration: Configuration
}

/** What the sandbox keeps of a workspace. */
export interface WorkspaceData {
  description: string
  /** Oldest first. Times are epoch ms. */
  history: { configuration: Configuration; at: number }[]
}

/** What the sandbox keeps of an app. */
export interface AiAppData {
  appId: string
  workspaceName: string
  request: AiAppRequest
}

/** ISO 8601 in Korean time, as every timestamp of the API is printed; epoch 0 means "not finished". */
export function koreanTime(at: number): string {
  const wall = new Date(at + 9 * 3_600_000).toISOString()
  return at === 0 ? '1970-01-01T09:00:00+09:00' : wall.replace('Z', '+09:00')
}
