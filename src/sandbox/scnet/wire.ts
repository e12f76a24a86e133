/** A portal user with a key pair, the password of the old login, and the cluster account behind him. */
export type ScnetAccount = {
  /** The portal user, as both logins know him. */
  readonly user: string
  readonly accessKey: string
  readonly secretKey: string
  readonly password: string
  readonly orgId: string
  readonly userId: string
  /** The region a client should use. */
  readonly clusterId: string
  /** The cluster account; it differs from the portal user, and job calls name it. */
  readonly clusterUser: string
}

/** Speeds in milliseconds, and the places where the documents are silent or contradict the clients. */
export type ScnetSettings = {
  listLagMs: number
  /** Container instances: Waiting, Deploying, and from a stop to Terminated. */
  waitingMs: number
  deployingMs: number
  stopMs: number
  /** HPC jobs: statQ, statE, and from a cancel to statDE. */
  queuedMs: number
  exitingMs: number
  cancelMs: number
  /** How long a job, or a script that ends its container, runs when it does not sleep. */
  runningMs: number
  /** How long an ended job stays in the live list and in its detail; documented: 5 minutes. */
  liveWindowMs: number
  /** How long after its end a job shows up in the history. */
  historyLagMs: number
  tokenLifeMs: number
  /** 0: any timestamp in seconds will do; else the login refuses one that is further away. */
  maxClockSkewMs: number
  /** 0: one enabled URL per service; else a second one, which sees new objects only so much later. */
  secondUrlLagMs: number
  /** Ids, separated by commas; they are listed with a null token. */
  suspendedRegions: string
  /** Everything is answered with 10007. */
  isUserFrozen: boolean
  /** Whether discovered URLs already end in `/ai`, `/hpc`, `/efile`; mixed: ai and efile do. */
  urlSuffixes: 'mixed' | 'always' | 'never'
  /** `center` answers an array, as documented, not an object, as clients see. */
  centerIsArray: boolean
  enableIsBoolean: boolean
  /** The login's `clusterId` is a number. */
  numericClusterIds: boolean
  /** What `data` of tokens/next is; an array of objects as documented. */
  nextTokenForm: 'array' | 'object' | 'string'
  /** The list as a GET with a body, as documented, as `task/list` with a query, both, `task` with a query, or all three. */
  listForm: 'body' | 'query' | 'both' | 'taskQuery' | 'any'
  /** The key of the list's container; `array`: `data` is the array itself. */
  listKey: string
  nameFilter: 'contains' | 'exact' | 'ignored'
  taskNumberIsString: boolean
  containerPortType: 'any' | 'string' | 'int'
  /** What a container is when its timeoutLimit has passed. */
  timeoutEndState: string
  /** Every start script ends its container, not only one that says `exit`. */
  scriptsEndContainers: boolean
  /** A script of several lines whose last line lacks its line feed is refused. */
  scriptLinesMustEnd: boolean
  uniqueNames: boolean
  refuseUnknownFields: boolean
  /** Unknown resource groups and sizes beyond their limits are refused with 716865. */
  checkResources: boolean
  /** A stop of what does not live, and a restart of what does, are errors. */
  refuseNoopActions: boolean
  refuseDeleteOfLive: boolean
  /** What a failed job is; statC is the trap, statD, statF and statEX are seen too. */
  failedJobState: string
  /** Exit codes as Slurm prints them, `3:0`. */
  slurmExitCodes: boolean
  /** A submit answers code 0 without an id, and submits nothing. */
  submitWithoutId: boolean
  refuseCancelByQuery: boolean
  refuseCancelOfEnded: boolean
  /** What reading an unknown instance or job answers; `0`: success with null data. */
  unknownIdCode: string
  /** Errors of the envelope come with 4xx and 5xx, not with 200. */
  errorsHaveStatus: boolean
  /** Errors say `message`, not `msg`. */
  errorsSayMessage: boolean
}

/** The body of a container's create, once it has passed the rules. */
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

/** What the sandbox keeps of a container instance. */
export interface ContainerData {
  request: ContainerRequest
  /** When it was created or last restarted, epoch ms. */
  cycleAt: number
}

/** `mapAppJobInfo` of a submit, once it has passed the rules. */
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

/** What the sandbox keeps of a job. */
export interface JobData {
  regionId: string
  request: JobRequest
}

/** `YYYY-MM-DD HH:MM:SS` in Beijing time; the API prints no zone, so the zone is our reading. */
export function beijingTime(at: number): string
export function beijingTime(at: number | null): string | null
export function beijingTime(at: number | null): string | null {
  return at === null ? null : new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
}

/** Reads what `beijingTime` prints, or `null` when it is not that. */
export function parseBeijingTime(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return null
  const at = Date.parse(`${text.replace(' ', 'T')}+08:00`)
  return Number.isNaN(at) ? null : at
}

/** `HH:MM:SS`, the hours as many digits as they need, in milliseconds; `null` when it is not that. */
export function parseClockMs(text: string): number | null {
  const match = /^(\d{2,}):([0-5]\d):([0-5]\d)$/.exec(text)
  if (match === null) return null
  const [hours, minutes, seconds] = match.slice(1).map(Number) as [number, number, number]
  return ((hours * 60 + minutes) * 60 + seconds) * 1000
}
