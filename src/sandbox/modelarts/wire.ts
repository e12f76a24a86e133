import type { Settings } from '../provider.ts'

/** A user of Open Telekom Cloud with every means of login, and its project. */
export type ModelartsAccount = {
  readonly domainName: string
  readonly domainId: string
  readonly userName: string
  readonly userId: string
  readonly password: string
  /** The emulated region; also the name of its project. */
  readonly region: string
  readonly projectId: string
  /** A project of the same user in another region: its tokens are valid there only. */
  readonly otherRegion: string
  readonly otherRegionProjectId: string
  readonly accessKey: string
  readonly secretKey: string
  /** A temporary key pair of the same user, which requires its security token. */
  readonly temporaryAccessKey: string
  readonly temporarySecretKey: string
  readonly securityToken: string
}

/** Durations in milliseconds, and switches for ambiguities of the documents. */
export interface ModelartsSettings extends Settings {
  /** Duration of CREATE_QUEUING and START_QUEUING (instances) and of the initial Pending; 0 omits the queue. */
  queueingMs: number
  creatingMs: number
  startingMs: number
  stoppingMs: number
  /** Duration of DELETING for a notebook. */
  deletingMs: number
  /** Duration of DELETING for an instance of demanager; not documented there, so 0: removed immediately. */
  instanceDeletingMs: number
  /** Factor by which auto-stops and leases run faster than real time. */
  leaseSpeed: number
  jobCreatingMs: number
  jobPendingMs: number
  jobRunningMs: number
  terminatingMs: number
  tokenLifeMs: number
  /** Epoch ms; tokens issued earlier are rejected, as after a password change. */
  tokensValidFrom: number
  /** The component that rejects an invalid token: the service (ModelArts.0203 ...) or the gateway (.0301, .0307). */
  tokenErrorsFrom: 'service' | 'gateway'
  /** An invalid token returns 403 ModelArts.2784 on v2 paths, instead of 401. */
  jobTokenErrorsAre403: boolean
  /** Number of consecutive failed signatures that lock a key pair; 0 disables locks. */
  lockAfterFailures: number
  lockMs: number
  /** Signed requests must carry `X-Project-Id`, and sign it. */
  requireProjectHeader: boolean
  gatewayPrefix: 'APIGW' | 'APIG'
  /** The message field in errors of demanager and v1 training: the documents name one, real clients read the other. */
  v1ErrorField: 'error_message' | 'error_msg'
  /** v1 rejections have HTTP 200 and `is_success: false`. */
  errorsIn200: boolean
  /** HTTP status of demanager's successful create; not documented. */
  demanagerCreateStatus: number
  /** Starts and stops in the target state return 6357 instead of 6305 to 6308. */
  vagueStateErrors: boolean
  refuseUnknownFields: boolean
  refuseUnknownFlavors: boolean
  refuseUnknownProfiles: boolean
  requireContentType: boolean
  /** Notebooks: name and description change only while RUNNING, flavor, image and endpoints only while STOPPED. */
  restrictNotebookUpdates: boolean
  /** A queued instance cannot be deleted (6304), like a running one. */
  refuseDeleteInQueue: boolean
  /** Storage of type `evs` is accepted, as older pages document and real responses show. */
  allowEvs: boolean
  /** Sold-out flavors, separated by commas. */
  soldOutFlavors: string
  /** Quotas; 0: unlimited. */
  maxInstances: number
  maxJobs: number
}

/** The validated body of demanager's create. */
export interface InstanceRequest {
  name: string
  profile_id: string
  flavor: string
  description?: string
  spec: {
    storage: { type: string; location?: { path?: string; volume_size?: number } }
    extend_storage?: unknown[]
    auto_stop?: AutoStop
    annotations?: Record<string, string>
  }
  workspace?: { id?: string }
  pool?: { id: string; type?: string; name?: string; owner?: { project_id?: string } }
  ai_project?: { id?: string }
}

/** Duration in seconds. */
export interface AutoStop {
  enable?: boolean
  duration?: number
  prompt?: boolean
}

/** The stored data of a demanager instance. */
export interface InstanceData {
  request: InstanceRequest
  description: string
  autoStop: AutoStop
  profileId: string
  token: string
  updatedAt: number
}

/** The validated body of a notebook's create. */
export interface NotebookRequest {
  name: string
  flavor: string
  image_id: string
  description?: string
  feature?: string
  workspace_id?: string
  pool_id?: string
  volume: VolumeRequest
  endpoints?: { service?: string; key_pair_names?: string[]; allowed_access_ips?: string[] }[]
  lease?: { duration?: number; type?: string }
  duration?: number
}

export interface VolumeRequest {
  category: string
  ownership: string
  capacity?: number
  uri?: string
  id?: string
  dew_secret_name?: string
}

/** The auto-stop of a notebook; `durationMs` -1 is never. Times are epoch ms. */
export interface Lease {
  createdAt: number
  updatedAt: number
  durationMs: number
  type: string
}

/** The stored data of a notebook. */
export interface NotebookData {
  request: NotebookRequest
  lease: Lease
  token: string
  updatedAt: number
}

/** The validated body of a v2 training job's create. */
export interface JobRequest {
  kind: string
  metadata: { name: string; description?: string; workspace_id?: string; annotations?: Record<string, string> }
  algorithm?: {
    id?: string
    name?: string
    subscription_id?: string
    item_version_id?: string
    code_dir?: string
    boot_file?: string
    command?: string
    engine?: { engine_id?: string; engine_name?: string; engine_version?: string; image_url?: string }
    parameters?: { name?: string; value?: string }[]
    environments?: Record<string, string>
    [field: string]: unknown
  }
  spec?: {
    resource?: { flavor_id?: string; node_count?: number; pool_id?: string }
    log_export_path?: { obs_url?: string }
    auto_stop?: { time_unit?: string; duration?: number }
    [field: string]: unknown
  }
}

/** The validated body of an algorithm's create. */
export interface AlgorithmRequest {
  metadata: { name: string; description?: string; workspace_id?: string }
  job_config: Pick<NonNullable<JobRequest['algorithm']>, 'code_dir' | 'boot_file' | 'command' | 'engine' | 'parameters'>
}

/** The stored data of a v2 training job. */
export interface JobData {
  request: JobRequest
  description: string
}

/** The validated body of a v1 training job's create. */
export interface OldJobRequest {
  job_name: string
  job_desc?: string
  config: {
    worker_server_num: number
    user_command?: string
    user_image_url?: string
    boot_file_url?: string
    parameter?: { label?: string; value?: string }[]
    [field: string]: unknown
  }
}

/** The stored data of a v1 training job; it has only the version that its create made. */
export interface OldJobData {
  request: OldJobRequest
  resourceId: string
}
