/** A portal user with a key pair, the password of the old login, and its cluster account. */
export type ScnetAccount = {
  /** The portal user of both logins. */
  readonly user: string
  readonly accessKey: string
  readonly secretKey: string
  readonly password: string
  readonly orgId: string
  readonly userId: string
  /** The region for clients. */
  readonly clusterId: string
  /** The cluster account, which differs from the portal user and is named in job calls. */
  readonly clusterUser: string
}

/** Durations in milliseconds, and switches for gaps in the documents or contradictions with clients. */
export type ScnetSettings = {
  listLagMs: number
  /** Container instances: durations of Waiting, Deploying, and from a stop to Terminated. */
  waitingMs: number
  deployingMs: number
  stopMs: number
  /** HPC jobs: durations of statQ, statE, and from a cancel to statDE. */
  queuedMs: number
  exitingMs: number
  cancelMs: number
  /** Default duration of a job, or of a script that ends its container, without a `sleep`. */
  runningMs: number
  /** How long an ended job stays in the live list and in its detail; documented: 5 minutes. */
  liveWindowMs: number
  /** Delay until an ended job appears in the history. */
  historyLagMs: number
  tokenLifeMs: number
  /** Maximum clock difference of a login; 0: any timestamp in seconds is accepted. */
  maxClockSkewMs: number
  /** 0: one enabled URL per service; else a second one, which shows new objects with this delay. */
  secondUrlLagMs: number
  /** Region ids, separated by commas; they are listed with a null token. */
  suspendedRegions: string
  /** Every call returns 10007. */
  isUserFrozen: boolean
  /** Whether discovered URLs already end in `/ai`, `/hpc`, `/efile`; mixed: ai and efile do. */
  urlSuffixes: 'mixed' | 'always' | 'never'
  /** `center` returns an array, as documented, not an object, as clients observe. */
  centerIsArray: boolean
  enableIsBoolean: boolean
  /** The login's `clusterId` is a number. */
  numericClusterIds: boolean
  /** The type of `data` of tokens/next; documented as an array of objects. */
  nextTokenForm: 'array' | 'object' | 'string'
  /** The list as a GET with a body, as documented, as `task/list` with a query, both, `task` with a query, or all three. */
  listForm: 'body' | 'query' | 'both' | 'taskQuery' | 'any'
  /** The key of the list's container; `array`: `data` is the array itself. */
  listKey: string
  nameFilter: 'contains' | 'exact' | 'ignored'
  taskNumberIsString: boolean
  containerPortType: 'any' | 'string' | 'int'
  /** The state of a container after its timeoutLimit. */
  timeoutEndState: string
  /** Every start script ends its container, not only one with `exit`. */
  scriptsEndContainers: boolean
  /** A multi-line script without a final line feed is rejected. */
  scriptLinesMustEnd: boolean
  uniqueNames: boolean
  refuseUnknownFields: boolean
  /** Unknown resource groups and excessive sizes are rejected with 716865. */
  checkResources: boolean
  /** Stopping an ended object and restarting an active one are errors. */
  refuseNoopActions: boolean
  refuseDeleteOfLive: boolean
  /** The state of a failed job; statC is the misleading one, statD, statF and statEX are also observed. */
  failedJobState: string
  /** Exit codes as Slurm prints them, `3:0`. */
  slurmExitCodes: boolean
  /** A submit returns code 0 without an id, and creates nothing. */
  submitWithoutId: boolean
  refuseCancelByQuery: boolean
  refuseCancelOfEnded: boolean
  /** The code for reading an unknown instance or job; `0`: success with null data. */
  unknownIdCode: string
  /** Envelope errors have 4xx and 5xx, not 200. */
  errorsHaveStatus: boolean
  /** Errors contain `message`, not `msg`. */
  errorsSayMessage: boolean
}

/** The validated body of a container's create. */
export interface ContainerRequest {
  instanceServiceName: string
  description?: string | null
  taskType: string
  acceleratorType: string
  version: string
  imagePath: string
  timeoutLimit: string
  taskNumber: number
  resourceGroup: string
  cpuNumber: number
  gpuNumber: number
  ramSize: number
  useStartScript: boolean
  startScriptActionScope: string
  startScriptContent?: string | null
  mountInfoList?: object[] | null
  containerPortInfoList?: { containerPort: number | string; protocolType: string }[] | null
}

/** The stored data of a container instance. */
export interface ContainerData {
  request: ContainerRequest
  /** When it was created or last restarted, epoch ms. */
  cycleAt: number
}

/** The validated `mapAppJobInfo` of a submit. */
export interface JobRequest {
  GAP_CMD_FILE: string
  GAP_NNODE?: string
  GAP_NODE_STRING?: string
  GAP_JOB_NAME: string
  GAP_WORK_DIR: string
  GAP_QUEUE: string
  GAP_WALL_TIME: string
  GAP_STD_OUT_FILE: string
  GAP_STD_ERR_FILE: string
  [name: string]: string | undefined
}

/** The stored data of a job. */
export interface JobData {
  regionId: string
  request: JobRequest
}

/** `YYYY-MM-DD HH:MM:SS` in Beijing time; the API sends no zone, so it is inferred. */
export function beijingTime(at: number): string
export function beijingTime(at: number | null): string | null
export function beijingTime(at: number | null): string | null {
  return at === null ? null : new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
}

/** Parses the format of `beijingTime`; `null` if invalid. */
export function parseBeijingTime(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return null
  const at = Date.parse(`${text.replace(' ', 'T')}+08:00`)
  return Number.isNaN(at) ? null : at
}

/** Parses `HH:MM:SS` with any number of hour digits to milliseconds; `null` if invalid. */
export function parseClockMs(text: string): number | null {
  const match = /^(\d{2,}):([0-5]\d):([0-5]\d)$/.exec(text)
  if (match === null) return null
  const [hours, minutes, seconds] = match.slice(1).map(Number) as [number, number, number]
  return ((hours * 60 + minutes) * 60 + seconds) * 1000
}
