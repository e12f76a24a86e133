/** Request bodies of Slurm. Responses are read field by field. */

/** `POST /slurm/v0.0.38/job/submit` */
export interface SubmitJob {
  script: string
  job: JobProperties
}

/** The fields of `job_properties` in use. Memory sizes are in MB, which Slurm treats as MiB. */
export interface JobProperties {
  name: string
  comment: string
  account?: string
  partition?: string
  qos?: string
  reservation?: string
  constraints?: string
  /** The API description documents a "list of two integers"; Slurm 22.05 accepts such a list and ignores it. */
  nodes: number
  tasks: number
  tasks_per_node?: number
  cpus_per_task?: number
  memory_per_node?: number
  /** Per node: `gpu:t4:2`, several with commas. */
  gres?: string
  licenses?: string
  /** Not the documented values (user, mcs, true, false): Slurm accepts the command-line value `exclusive`. */
  exclusive?: 'exclusive'
  /** Minutes. */
  time_limit?: number
  /** Documented as an integer; Slurm accepts the command-line text. */
  begin_time?: string
  dependency?: string
  /** A number as a string of digits. */
  priority?: string
  nice?: number
  /** Any value allows requeueing, including `false`. */
  requeue?: true
  /** Any value disables requeueing. */
  no_requeue?: true
  current_working_directory: string
  standard_output?: string
  standard_error?: string
  /** Replaces the job's whole environment. */
  environment: Readonly<Record<string, string>>
}
