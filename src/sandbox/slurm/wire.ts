/** A user of the cluster; the key is the cluster's, the same for all. */
export type SlurmAccount = {
  readonly user: string
  /** HS256, base64. */
  readonly key: string
}

/** Speeds in milliseconds, and the places where the real daemon can be read in more than one way. */
export type SlurmSettings = {
  listLagMs: number
  pendingMs: number
  runningMs: number
  completingMs: number
  /** `MinJobAge`: so long an ended job is shown. */
  minJobAgeMs: number
  /** The REST plugins that are loaded, with commas. */
  versions: string
  /** The controller is down: slurmrestd answers for itself. */
  isControllerDown: boolean
}

/** What a submit asks for, once it has passed the rules. */
export interface JobRequest {
  script?: string
  job: {
    name?: string
    comment?: string
    partition?: string
    nodes?: number | string | readonly number[]
    tasks?: number
    cpus_per_task?: number
    memory_per_node?: number
    gres?: string
    gpus_per_node?: string | number
    time_limit?: number
    hold?: boolean
    current_working_directory?: string
    standard_output?: string
    standard_error?: string
    environment: Readonly<Record<string, string>>
    [property: string]: unknown
  }
}

/** What the sandbox keeps of a job. */
export interface JobData {
  request: JobRequest
  partition: string
  nodes: number
  timeLimitMinutes: number
}

/** The cluster: four alike nodes. */
export const cluster = {
  name: 'sandbox',
  partitions: ['debug', 'long'],
  defaultPartition: 'debug',
  nodes: 4,
  cpus: 8,
  memoryMb: 32_768,
  gpus: 2,
  gpuModel: 't4',
  maxMinutes: 60,
  defaultMinutes: 10,
} as const
