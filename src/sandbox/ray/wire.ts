/** A caller: all share the token of the cluster. */
export type RayAccount = {
  readonly token: string
}

/** Durations in milliseconds, and switches for variants of a real cluster. */
export type RaySettings = {
  listLagMs: number
  /** From a submit to the start of the entrypoint, if resources are free. */
  pendingMs: number
  runningMs: number
  /** From a stop of a running job to STOPPED: up to 3 s for a program that ignores SIGTERM. */
  stopMs: number
  /** `RAY_JOB_START_TIMEOUT_SECONDS`: a job that waits longer fails. */
  startTimeoutMs: number
  /** Submits return HTTP 500 and leave a job without a process. */
  failsHalfway: boolean
  /** `RAY_AUTH_MODE=token`. */
  requiresToken: boolean
  /** Changes if the head is restarted without Redis, which also loses every job. */
  sessionName: string
}

/** The request of a submit, with the fields of the OpenAPI document. */
export interface JobRequest {
  entrypoint: string
  submission_id?: string
  runtime_env?: Readonly<Record<string, unknown>>
  metadata?: Readonly<Record<string, string>>
  entrypoint_num_cpus?: number
  entrypoint_num_gpus?: number
  entrypoint_memory?: number
  entrypoint_resources?: Readonly<Record<string, number>>
  entrypoint_label_selector?: Readonly<Record<string, string>>
}

/** The stored data of a job. */
export interface JobData {
  request: JobRequest
  /** The job has no process: its submit failed halfway. */
  isLifeless: boolean
}

/** The cluster: a head and a worker. */
export const nodes = [
  { id: 'a'.repeat(56), ip: '10.0.0.1', isHead: true, resources: { CPU: 4, memory: 17_179_869_184 } },
  {
    id: 'b'.repeat(56),
    ip: '10.0.0.2',
    isHead: false,
    resources: {
      CPU: 8,
      GPU: 2,
      NPU: 2,
      'accelerator_type:T4': 1,
      licenses: 4,
      memory: 34_359_738_368,
    },
  },
] as const
