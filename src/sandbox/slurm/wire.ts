/** A user of the cluster; all share the cluster's key. */
export type SlurmAccount = {
  readonly user: string
  /** HS256, base64. */
  readonly key: string
}

/** Durations in milliseconds, and switches for variants of the real daemon. */
export type SlurmSettings = {
  listLagMs: number
  pendingMs: number
  runningMs: number
  completingMs: number
  /** `MinJobAge`: how long an ended job is shown. */
  minJobAgeMs: number
  /** The loaded REST plugins, separated by commas. */
  versions: string
  /** The release whose behaviour v0.0.40 and later show: `24.11.5` or `26.05.5`. Earlier versions are those of 22.05.8. */
  release: string
  /** From v0.0.40 on: rejects what the daemon ignores with a warning. */
  refusesUnknownFields: boolean
  /** From v0.0.40 on: a field that the daemon does not know, as in a version that has dropped it. */
  unknownField: string
  /** The controller is down: slurmrestd responds without it. */
  isControllerDown: boolean
}

/** The validated request of a submit. */
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

/** The stored data of a job. */
export interface JobData {
  request: JobRequest
  partition: string
  nodes: number
  timeLimitMinutes: number
}

/** The cluster: four identical nodes. */
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
