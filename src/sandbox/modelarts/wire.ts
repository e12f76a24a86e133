import type { Settings } from '../provider.ts'

/** A user of Open Telekom Cloud with all it may log in with, and the project that is its own. */
export type ModelartsAccount = {
  readonly domainName: string
  readonly domainId: string
  readonly userName: string
  readonly userId: string
  readonly password: string
  /** The region that the sandbox plays; also the name of its project. */
  readonly region: string
  readonly projectId: string
  /** A project of the same user in another region: its tokens are good, but not here. */
  readonly otherRegion: string
  readonly otherRegionProjectId: string
  readonly accessKey: string
  readonly secretKey: string
  /** A temporary key pair of the same user; it is worth nothing without its security token. */
  readonly temporaryAccessKey: string
  readonly temporarySecretKey: string
  readonly securityToken: string
}

/** Speeds in milliseconds, and the places where the documents can be read in more than one way. */
export interface ModelartsSettings extends Settings {
  /** CREATE_QUEUING and START_QUEUING (instances) and Pending's lead; 0 leaves the queue out. */
  queueingMs: number
  creatingMs: number
  startingMs: number
  stoppingMs: number
  /** A deleted notebook is DELETING for so long. */
  deletingMs: number
  /** The same for an instance of demanager; its documents know no DELETING, so 0: gone at once. */
  instanceDeletingMs: number
  /** How much faster than real time auto stops and leases run out. */
  leaseSpeed: number
  jobCreatingMs: number
  jobPendingMs: number
  jobRunningMs: number
  terminatingMs: number
  tokenLifeMs: number
  /** Epoch ms; tokens that were issued before are refused, as after a change of the password. */
  tokensValidFrom: number
  /** Who refuses a bad token: the service (ModelArts.0203 ...) or the gateway (.0301, .0307). */
  tokenErrorsFrom: 'service' | 'gateway'
  /** A bad token is 403 ModelArts.2784 on v2 paths, instead of 401. */
  jobTokenErrorsAre403: boolean
  /** So many failed signatures in a row lock a key pair; 0 never does. */
  lockAfterFailures: number
  lockMs: number
  /** Signed requests must carry `X-Project-Id`, and sign it. */
  requireProjectHeader: boolean
  gatewayPrefix: 'APIGW' | 'APIG'
  /** The message's field in errors of demanager and v1 training: the pages say one, real clients read the other. */
  v1ErrorField: 'error_message' | 'error_msg'
  /** v1 refusals come with HTTP 200 and `is_success: false`. */
  errorsIn200: boolean
  /** HTTP status of demanager's successful create; the pages name none. */
  demanagerCreateStatus: number
  /** Starts and stops that come too late are 6357 instead of 6305 to 6308. */
  vagueStateErrors: boolean
  refuseUnknownFields: boolean
  refuseUnknownFlavors: boolean
  refuseUnknownProfiles: boolean
  requireContentType: boolean
  /** Notebooks: name and description change only while RUNNING, flavor, image and endpoints only while STOPPED. */
  restrictNotebookUpdates: boolean
  /** An instance that waits for a free resource cannot be deleted (6304), as one that runs cannot. */
  refuseDeleteInQueue: boolean
  /** Storage of type `evs` is taken, as older pages allow and real answers show. */
  allowEvs: boolean
  /** Flavors that are sold out, separated by commas. */
  soldOutFlavors: string
  /** Quotas; 0 is none. */
  maxInstances: number
  maxJobs: number
}

/** The body of demanager's create, once it has passed the rules. */
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

/** What the sandbox keeps of a demanager instance. */
export interface InstanceData {
  request: InstanceRequest
  description: string
  autoStop: AutoStop
  profileId: string
  token: string
  updatedAt: number
}

/** The body of a notebook's create, once it has passed the rules. */
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

/** When a notebook stops by itself; `durationMs` -1 is never. Times are epoch ms. */
export interface Lease {
  createdAt: number
  updatedAt: number
  durationMs: number
  type: string
}

/** What the sandbox keeps of a notebook. */
export interface NotebookData {
  request: NotebookRequest
  lease: Lease
  token: string
  updatedAt: number
}

/** The body of a v2 training job's create, once it has passed the rules. */
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

/** The body of an algorithm's create, once it has passed the rules. */
export interface AlgorithmRequest {
  metadata: { name: string; description?: string; workspace_id?: string }
  job_config: Pick<NonNullable<JobRequest['algorithm']>, 'code_dir' | 'boot_file' | 'command' | 'engine' | 'parameters'>
}

/** What the sandbox keeps of a v2 training job. */
export interface JobData {
  request: JobRequest
  description: string
}

/** The body of a v1 training job's create, once it has passed the rules. */
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

/** What the sandbox keeps of a v1 training job; it has the one version that its creation made. */
export interface OldJobData {
  request: OldJobRequest
  resourceId: string
}
